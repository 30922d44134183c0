#!/usr/bin/env bash
# Runs hanbok for a harness that starts each gateway by a script like this one: $UPSTREAM is the model's address, $GWB_RUN a
# folder for logs, where `hanbok.url` and `hanbok.key` are left. $HANBOK_PYTHON: the Python to run it with.
# gwb: {"path": "/v1", "model": "bench", "own_port": true, "headers": {"Authorization": "Bearer $KEY"}}
set -e
folder="$GWB_RUN/hanbok"
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
cat > hanbok.yaml <<YAML
server: {port: 0}
state: state
endpoints:
  bench: {kind: openai_compatible, url: "$UPSTREAM", country: US, zone: foreign, operator: Stand-in, data_use: {trains: false}}
models:
  bench:
    targets: [{endpoint: bench, model: bench}]
    price: {input: 1000, output: 4000, as_of: 2026-11-01}
YAML
announce() {
  for _ in $(seq 600); do
    sleep 0.1
    url=$(grep -o 'http://127.0.0.1:[0-9]*' out | head -1)
    key=$(grep -o 'hb-[0-9A-Za-z]\{20,\}' out | head -1)
    if [ -n "$url" ] && [ -n "$key" ]; then
      echo -n "$key" > "$GWB_RUN/hanbok.key"
      echo -n "$url" > "$GWB_RUN/hanbok.url"
      return
    fi
  done
}
announce &
exec "${HANBOK_PYTHON:-python}" -u -m hanbok serve --config hanbok.yaml > out 2> err
