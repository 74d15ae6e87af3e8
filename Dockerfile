# Signet as an image: no development dependencies, no root, nothing written outside the two volumes.
#
#   docker build -t signet .
#   docker run --rm --name signet -p 127.0.0.1:3000:3000 -e SIGNET_ISSUER=http://localhost:3000 signet
#   docker exec -it signet signet users add alice
#
# With volumes, behind a proxy: docs/running.md, "Docker". Keep port 9090 (management) private.

FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No production dependency needs an install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26-slim
# What is known only when it is built (version, revision, created, source) is given there: docs/running.md, "Docker".
LABEL org.opencontainers.image.title="Signet" \
  org.opencontainers.image.description="A standalone OAuth 2 token service: short-lived RS256 access tokens that resource services verify offline" \
  org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY LICENSE package.json openapi.yaml ./
COPY db/migrations ./db/migrations
COPY src ./src
# 1000 is the user `node`, as a number: Kubernetes' runAsNonRoot can't look names up.
RUN ln -s /app/src/signet.mjs /usr/local/bin/signet \
  && install -d -o 1000 -g 1000 -m 0700 /data /data/db /data/keys

# The cache is named before the first file is read, so that what strips its types is not loaded: 15 MB.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/node-compile-cache SIGNET_HOST=0.0.0.0 SIGNET_MANAGEMENT_HOST=0.0.0.0
# The database (db/signet.sqlite) and the signing keys (keys/) are looked for here, apart from the program and its db/migrations.
WORKDIR /data
VOLUME ["/data/db", "/data/keys"]
USER 1000:1000
EXPOSE 3000 9090
# Not /readyz: an orchestrator would replace every container while the database is away.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.SIGNET_MANAGEMENT_PORT ?? 9090) + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell in between, so that SIGTERM arrives.
CMD ["node", "--disable-sigusr1", "--max-semi-space-size=4", "/app/src/signet.mjs", "serve"]
