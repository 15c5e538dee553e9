# docker build -t codi . && docker run --stop-timeout 15 -p 127.0.0.1:7620:7620 -v codi:/var/lib/codi codi
FROM debian:12 AS build
WORKDIR /codi
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates make
COPY tools/deps tools/packages.txt tools/
RUN tools/deps run package
COPY . .
RUN make deb

FROM debian:12-slim
# Numbers, not only names: an orchestrator can then see that it is not root, and volumes keep their owner.
RUN groupadd --gid 7620 codi \
  && useradd --uid 7620 --gid codi --no-create-home --home-dir /var/lib/codi --shell /usr/sbin/nologin codi \
  && install -d -m 0700 -o codi -g codi /var/lib/codi
COPY --from=build /codi/build/deb/codi_*.deb /tmp/
RUN apt-get update \
  && apt-get install -y --no-install-recommends systemd-standalone-sysusers /tmp/codi_*.deb \
  && rm -rf /tmp/codi_*.deb /var/lib/apt/lists/* /var/log/*.log /var/log/apt
USER 7620:7620
WORKDIR /var/lib/codi
ENV HOME=/var/lib/codi CODI_CONFIG=/etc/codi/codi.toml CODI_LISTEN=:7620
VOLUME /var/lib/codi
EXPOSE 7620
STOPSIGNAL SIGTERM
# Ready is who can write.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["codi", "doctor", "--ready"]
ENTRYPOINT ["codi"]
CMD ["serve"]
