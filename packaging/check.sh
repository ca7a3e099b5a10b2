#!/usr/bin/env bash
# Checks the files of the packages with the tools of their systems. Needs systemd-analyze and kubectl, and uses docker compose
# if it is installed.
set -euo pipefail
cd "$(dirname "$0")"

echo 'systemd: the exposure of the unit is at most 2.0'
systemd-analyze security --offline=true --threshold=20 --no-pager systemd/asteroid.service | tail -n 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if docker compose version > "$scratch/version" 2>&1; then
    echo 'compose: the file is valid'
    PRODUCT_DOMAIN=example.com docker compose --file compose/compose.yaml --profile setup config --quiet
else
    echo 'compose: NOT CHECKED, because docker compose is not installed'
fi

echo 'Kubernetes: each document is an object with a known kind'
mkdir "$scratch/kubernetes"
cp kubernetes/asteroid.yaml "$scratch/kubernetes/"
echo 'resources: [asteroid.yaml]' > "$scratch/kubernetes/kustomization.yaml"
kubectl kustomize "$scratch/kubernetes" | grep -c '^kind:'
