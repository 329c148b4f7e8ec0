from django.conf import settings
from django.urls import include, path

from coalitions.views import account, errors, health, joining, kit, sign_in, two_step

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", account.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("forgot-password/", joining.forgot_password, name="forgot-password"),
    path("reset-password/<str:uid>/<str:token>/", joining.reset_password, name="reset-password"),
    path("join/", joining.join_signed_in, name="join-signed-in"),
    path("join/<str:token>/", joining.join, name="join"),
    path("account/", account.account, name="account"),
    path("account/confirm/", sign_in.confirm, name="confirm"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/<str:session_id>/end/", account.session_end, name="session-end"),
    path("account/sessions/end-others/", account.sessions_end_others, name="sessions-end-others"),
    path("account/two-step/", two_step.two_step, name="two-step"),
    path("account/two-step/off/", two_step.two_step_off, name="two-step-off"),
    path("account/two-step/codes/", two_step.recovery_codes, name="recovery-codes"),
    path("c/<slug:slug>/", include("coalitions.urls")),
    path("api/v1/", include("coalitions.api.urls")),
]

if settings.SHOWS_DESIGN_KIT:
    urlpatterns.append(path("kit/", kit.kit, name="kit"))
