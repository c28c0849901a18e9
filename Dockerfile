# The web service, as an image. What it is made of is said in .dockerignore, how in scripts/install-service.

# Of every architecture under one digest; from Amazon's mirror, since Docker Hub counts the pulls of an address,
# and builds in AWS share theirs.
ARG BASE=public.ecr.aws/docker/library/python:3.13.15-slim-bookworm@sha256:2325bb286ec344af3e5898cc224b5844e2707ac6e26b1632516fd3edc84a5e26
FROM ${BASE}

RUN --mount=type=bind,target=/source --mount=type=cache,target=/cache \
    XDG_CACHE_HOME=/cache UV_LINK_MODE=copy sh /source/scripts/install-service /opt/octopus

# The root file system is read-only in Fargate. A volume is mounted here, and takes its rights from this folder.
VOLUME ["/tmp"]
ENV HOME=/tmp PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
CMD ["/opt/octopus/bin/python", "-m", "octopus.web"]
