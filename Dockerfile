# One image for facades and workers; docker-compose.yml says which one a container is.
# Debian, not Alpine: Temporal's core bridge needs glibc.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json worker.ts ./
COPY scripts/bundle-workflows.ts scripts/build-web.ts scripts/
COPY src src
COPY web web
RUN npm run build

FROM node:24.21.0-bookworm-slim
# What TLS to a Temporal server (Temporal Cloud) is checked against: its newest certificates, no pinned ones.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY --from=build /app/dist dist
COPY bin bin
# A volume that is mounted here the first time takes its owner over.
RUN mkdir /payloads && chown node:node /payloads
# `node`, by number: Kubernetes cannot tell of a name that it is not root (runAsNonRoot).
USER 1000:1000
EXPOSE 18789
CMD ["node", "--enable-source-maps", "dist/src/node/server.js"]
