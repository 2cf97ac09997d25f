# An application on Node: docker build -f node.Dockerfile -t shop .
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY . .

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: the server may read its files and change none.
COPY --from=build /app .
USER node
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:8000/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npx in between: they keep signals to themselves.
CMD ["node", "node_modules/tricorn/bin/tricorn.js", "main:app", "--host", "0.0.0.0", "--health-path", "/healthz"]
