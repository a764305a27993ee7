#!/usr/bin/env bash
# The image's health check: whether /healthz says SERVING. With TLS it only sees that the port answers.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${LIMBIC_HTTP_PORT:-8080}"
printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
# TLS answers an alert, which is no line.
IFS= read -r -t 2 -d $'\n' line <&3 || [ -n "${line:-}" ]
case "$line" in
  "HTTP/1."?" 200"*) ;;
  HTTP/*) echo "${line%$'\r'}"; exit 1 ;;
esac
