# One image for every command: the command line is the entry point.
FROM python:3.11.11-slim-bookworm
WORKDIR /app
COPY pyproject.toml requirements.lock README.md ./
COPY schemas schemas
COPY streams streams
COPY agents agents
COPY fangfan fangfan
COPY policy policy
RUN pip install --no-cache-dir --constraint requirements.lock . \
 && useradd --create-home fangfan \
 && install -d -o fangfan /data
ENV FANGFAN_POLICY=/app/policy/shanxi.toml FANGFAN_DATA_DIR=/data PYTHONUNBUFFERED=1
USER fangfan
ENTRYPOINT ["fangfan"]
CMD ["--help"]
