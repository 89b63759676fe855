#!/bin/sh
# A trainer that trains nothing: its accuracy grows with the network's channels.
read -r asked
printf '{"epoch": 1, "loss": 1.0}\n'
printf '%s' "$asked" | tr ',{' '\n\n' |
    awk -F: '/"channels"/ { n += $2 } END { printf "{\"metrics\": {\"accuracy\": %.4f, \"macro_f1\": %.4f}}\n", n / (n + 9), n / (n + 10) }'
