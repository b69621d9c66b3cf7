#!/usr/bin/env bash
# Prints the path of Chromium or Chrome. It fails if none is installed.
set -euo pipefail

command -v chromium || command -v chromium-browser || command -v google-chrome
