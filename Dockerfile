# One image for web, worker, beat and the migration: they differ in their command alone.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin desk && install -d -o desk -g desk /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY portal ./portal
COPY diagnostics ./diagnostics
COPY tickets ./tickets
COPY templates ./templates
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data STATIC_DIR=/app/static
RUN SECRET_KEY=build DATA_DIR=/tmp/build python manage.py collectstatic --no-input && rm -rf /tmp/build
USER desk
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", "--no-control-socket"]
