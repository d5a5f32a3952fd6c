# Functions for the scripts of all stores: nodes (each has a file with its process id), free ports, waiting. Nothing here is
# for one store only. A store's script sources this file, defines `start NODE` and `prepare`, and ends with `main "$@"`:
#   STORE up FOLDER           starts the store in FOLDER, on loopback, with an empty bucket `dray`; FOLDER/env has its address
#   STORE kill FOLDER NODE    kill -9
#   STORE start FOLDER NODE   starts a killed node again
#   STORE down FOLDER         stops all nodes
#   STORE tell                prints its title, what it lacks, the consequence, and the nodes that lose nothing on kill -9
#   STORE missing             prints the programs that must be installed first, if there are any
# tests/cluster/run has variants: `seaweedfs-n3` is `seaweedfs` with N=3 in its environment.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-AKDRAYTEST} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-secret-of-dray-tests}
# Debian puts some servers here.
export PATH=$PATH:/usr/sbin
export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true

# The folder of the programs that come from PyPI.
programs() { echo "$("$root/tests/clients/venv")/bin"; }

# Fails unless these commands are there; says which package has them.
need() { command -v "$1" >/dev/null 2>&1 || [ -x "$1" ] || echo "$1 ($2)"; }

# Runs a node in its own session: node NAME COMMAND…
node() {
  local name=$1; shift
  setsid "$@" >> "$F/$name.log" 2>&1 < /dev/null &
  echo $! > "$F/$name.pid"
}

# `port NAME`: a port for this run, always the same for one name. It is below the ports that the kernel gives to clients, so
# it is still free when its node starts again.
port() {
  grep -sm1 "^$1 " "$F/ports" | cut -d' ' -f2 | grep . && return
  python3 - "$1" "$F/ports" <<'PY'
import random, socket, sys
name, path = sys.argv[1:]
while True:
    port = random.randrange(10000, 32000)
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            continue
    with open(path, "a") as ports:
        ports.write(f"{name} {port}\n")
    print(port)
    break
PY
}

# `until_true SECONDS WHAT COMMAND…`: repeats the command until it succeeds.
until_true() {
  local tries=$(( $1 * 5 )) what=$2; shift 2
  for (( ; tries > 0; tries-- )); do "$@" > "$F/asked" 2>&1 && return; sleep 0.2; done
  echo "waited too long for $what: $(cat "$F/asked")" >&2; tail -n 5 "$F"/*.log >&2 || true; return 1
}

# An S3 request, signed by curl: s3 METHOD PATH [CURL'S ARGUMENTS…]
s3() {
  local method=$1 path=$2; shift 2
  curl --fail-with-body --silent --show-error --max-time 30 --aws-sigv4 aws:amz:us-east-1:s3 \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -X "$method" "$ENDPOINT/$path" "$@"
}

# Creates the bucket and checks that it takes an object: some stores answer requests before they can store anything.
make_bucket() {
  until_true 60 "the bucket" s3 PUT dray || return
  until_true 60 "a first object" s3 PUT dray/first --data-binary first || return
  s3 DELETE dray/first
}

stop() {
  local pid files=("$F"/*.pid)
  [ -e "${files[0]}" ] || return 0
  for file in "${files[@]}"; do pid=$(cat "$file"); kill -- "-$pid" 2>/dev/null || true; done
  for file in "${files[@]}"; do
    pid=$(cat "$file")
    for _ in $(seq 25); do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.2; done
    kill -9 -- "-$pid" 2>/dev/null || true
    rm -f "$file"
  done
}

# Kills the node's own session. A script whose nodes have other processes defines this again.
die() { kill -9 -- "-$(cat "$F/$1.pid")"; }

main() {
  local what=$1
  case $what in tell | missing) "$what"; return ;; esac
  mkdir -p "$2"; F=$(readlink -f "$2")
  ENDPOINT=http://127.0.0.1:$(port s3)
  case $what in
    up)
      prepare
      printf 'DRAY_TEST_S3=%s\nAWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n' \
        "$ENDPOINT" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" > "$F/env" ;;
    kill) die "$3" ;;
    start) start "$3" ;;
    down) stop ;;
    *) echo "up, kill, start, down, tell or missing, not: $what" >&2; return 2 ;;
  esac
}

# What `tell` prints, as lines of `name: value`.
says() { printf 'title: %s\nlacks: %s\ncomes: %s\nnodes: %s\n' "$1" "$2" "$3" "$4"; }
