# An application on Deno: docker build -f deno.Dockerfile -t shop .
FROM denoland/deno:2.9.6 AS build
WORKDIR /app
ENV DENO_DIR=/app/.deno
COPY . .
# Everything is downloaded here, and nothing when a container starts.
RUN ["deno", "cache", "jsr:@tricorn/serve", "main.ts"]

FROM denoland/deno:2.9.6
WORKDIR /app
ENV DENO_DIR=/app/.deno
COPY --from=build /app .
USER deno
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["deno", "eval", "fetch('http://127.0.0.1:8000/healthz').then(({ ok }) => Deno.exit(ok ? 0 : 1), () => Deno.exit(1))"]
CMD ["deno", "run", "--cached-only", "--allow-net", "--allow-read", "--allow-env", "jsr:@tricorn/serve", "main:app", "--host", "0.0.0.0", "--health-path", "/healthz"]
