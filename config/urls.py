from django.urls import include, path

from coalitions.views import account, errors, health

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", account.home, name="home"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-in/code/", account.sign_in_code, name="sign-in-code"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("forgot-password/", account.forgot_password, name="forgot-password"),
    path("reset-password/<str:uid>/<str:token>/", account.reset_password, name="reset-password"),
    path("join/<str:token>/", account.join, name="join"),
    path("account/", account.account, name="account"),
    path("account/confirm/", account.confirm, name="confirm"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/<str:session_id>/end/", account.session_end, name="session-end"),
    path("account/sessions/end-others/", account.sessions_end_others, name="sessions-end-others"),
    path("account/two-step/", account.two_step, name="two-step"),
    path("account/two-step/off/", account.two_step_off, name="two-step-off"),
    path("account/two-step/codes/", account.recovery_codes, name="recovery-codes"),
    path("c/<slug:slug>/", include("coalitions.urls")),
]
