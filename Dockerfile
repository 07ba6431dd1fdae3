# One image for everything that runs: which program is its argument (docker-compose.yml). The services run on the Node.js that
# package-lock.json names, with its hash: the same as in development.
#
# The bases are named by tags, which move. To pin them, give the digests that your registry shows:
# docker build --build-arg BASE=debian:trixie-slim@sha256:... --build-arg NPM_BASE=node:24-slim@sha256:... .
ARG NPM_BASE=node:24-slim
ARG BASE=debian:trixie-slim

# npm is all that is taken from this base.
FROM ${NPM_BASE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Only what runs: no headers of Node.js, no types, no source maps, no manuals. Licenses stay.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/node-*/include node_modules/node-*/share node_modules/node-*/CHANGELOG.md \
 && rm -rf node_modules/swagger-ui-dist/swagger-ui-es-* node_modules/swagger-ui-dist/swagger-ui.js \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -iname 'readme*.md' -o -iname 'changelog*.md' \) -delete

FROM ${BASE}
# Node.js 26 is linked with libatomic, which slim bases lack.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libatomic1 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY services services
COPY shared shared
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
# By its number: an orchestrator that refuses root cannot tell what a name stands for.
USER 1000:1000
# An image that cannot start cannot be built.
RUN node --version && node services/ops/self-check/main.ts
ENTRYPOINT ["node"]
