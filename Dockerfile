# The service as an image: docker build -t multichannel .
# What is installed is pinned and hashed (docs/deployment/runtime.lock); the process runs as a user without rights.

FROM python:3.11-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends make git && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN make wheel
RUN python -m venv /opt/multichannel \
    && /opt/multichannel/bin/pip install --no-cache-dir --require-hashes --no-deps -r docs/deployment/runtime.lock \
    && /opt/multichannel/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/multichannel multichannel
COPY --from=build /opt/multichannel /opt/multichannel
ENV PATH=/opt/multichannel/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MULTICHANNEL_HOST=0.0.0.0 \
    MULTICHANNEL_PORT=8000
USER multichannel
WORKDIR /var/lib/multichannel
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
ENTRYPOINT ["multichannel"]
CMD ["serve"]
