# Three images: `build` installs and collects, `app` runs Muster's processes, `proxy` is the front door.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements/run.txt /tmp/run.txt
RUN pip install --require-hashes --only-binary :all: -r /tmp/run.txt
WORKDIR /app
COPY . .
# Settings want every variable to be there; collecting files uses none of these values.
RUN MUSTER_ENV=production SECRET_KEY=only-while-the-image-is-built BASE_URL=https://muster.example \
    DATABASE_URL=postgresql:///nowhere REDIS_URL=redis://nowhere MAIL_FROM=nobody@muster.example \
    python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q .

FROM python:3.11-slim-bookworm AS app
RUN groupadd --system --gid 10001 muster \
    && useradd --system --uid 10001 --gid muster --no-create-home --shell /usr/sbin/nologin muster
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "config.wsgi:application"]

FROM caddy:2 AS proxy
# A copy of the program loses its file capability, which would forbid running it without any capability.
RUN cp /usr/bin/caddy /tmp/caddy && mv -f /tmp/caddy /usr/bin/caddy \
    && adduser -D -H -u 10001 proxy && mkdir -p /data /config && chown -R proxy /data /config
COPY deploy/Caddyfile /etc/caddy/Caddyfile
ENV XDG_CONFIG_HOME=/tmp XDG_DATA_HOME=/data
USER 10001
EXPOSE 80 443
