# One image for everything that runs: which program is its argument (docker-compose.yml). npm is all that is taken from
# the base image: the services run on the Node.js that package-lock.json names, the same as in development.
FROM node:24-slim

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY services services
COPY shared shared

ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER node
ENTRYPOINT ["node"]
