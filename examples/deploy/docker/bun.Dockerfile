# An application on Bun: docker build -f bun.Dockerfile -t shop .
FROM oven/bun:1.4-slim AS build
WORKDIR /app
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile --production
COPY . .

FROM oven/bun:1.4-slim
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: the server may read its files and change none.
COPY --from=build /app .
USER bun
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["bun", "-e", "fetch('http://127.0.0.1:8000/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["bun", "node_modules/tricorn/bin/tricorn.js", "main:app", "--host", "0.0.0.0", "--health-path", "/healthz"]
