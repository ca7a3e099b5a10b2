# syntax=docker/dockerfile:1
#
#   docker build -t asteroid .
#   docker run --read-only -v asteroid:/var/lib/asteroid --env-file asteroid.env -p 8080:8080 asteroid
#
# The database is a setting, too: DATABASE_URL=sqlite:///var/lib/asteroid/asteroid.db, or that of PostgreSQL.
# The image runs with `profile = "production"`: it lists the settings that are missing, and ends. Secrets come from files,
# for example ASTEROID_EMAIL__URL_FILE=/run/secrets/email_url.

ARG RUST=1.95

FROM rust:${RUST}-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release --package asteroid \
    && install -D target/release/asteroid /image/usr/bin/asteroid \
    && mkdir -p /image/var/lib/asteroid

# glibc and CA certificates, no shell and no package manager; its user `nonroot` is 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image/usr/bin/asteroid /usr/bin/asteroid
COPY --from=build --chown=65532:65532 /image/var/lib/asteroid /var/lib/asteroid
ENV ASTEROID_PROFILE=production \
    ASTEROID_HTTP__BIND=0.0.0.0:8080 \
    ASTEROID_KEYS__FILE=/var/lib/asteroid/keys.json \
    ASTEROID_LOG__FORMAT=json
USER 65532:65532
WORKDIR /var/lib/asteroid
VOLUME /var/lib/asteroid
EXPOSE 8080
STOPSIGNAL SIGTERM
# Without a shell, so in the exec form.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/bin/asteroid", "health"]
ENTRYPOINT ["/usr/bin/asteroid"]
CMD ["serve"]
