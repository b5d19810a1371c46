#!/usr/bin/env bash
# Builds both programs as fully static files that run on any Linux of this architecture, and checks that they are static.
# They land in target/static/. Needs only the ordinary GNU toolchain.
#
# Host names still resolve (files and DNS); other sources of names, such as mDNS, may need the system's libraries.
#
# Usage: scripts/build-static.sh        CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=(pyao-server pyao-admin)
target_folder=${CARGO_TARGET_DIR:-target}
host=$(rustc -vV | sed -n 's/^host: //p')
case $host in
    *-linux-gnu) ;;
    *) echo "cannot build static programs on $host: a *-linux-gnu toolchain is needed" >&2; exit 1 ;;
esac

# Naming the target, although it is the host, keeps the flags from build scripts and macros, which cannot be static. By
# default `getrandom` looks up its function at run time, which a static program cannot, and then reads /dev/urandom, which
# is missing in an empty chroot; `linux_getrandom` links the function.
export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static --cfg getrandom_backend=\"linux_getrandom\""
# Packed relocations take a bit each instead of 24 bytes, which makes each program 130 kB smaller. The C library inside
# unpacks them at the start; glibc does from 2.36 on.
glibc=$(getconf GNU_LIBC_VERSION)
if printf '2.36\n%s\n' "${glibc#glibc }" | sort --version-sort --check=quiet; then
    RUSTFLAGS+=" -C link-arg=-Wl,-z,pack-relative-relocs"
fi
# A panic aborts, so that nothing unwinds through SQLite: without the tables for that, 90 kB less in each program.
export CFLAGS="${CFLAGS:-} -fno-asynchronous-unwind-tables"
cargo build --locked --release --target "$host" --package pyao-server
# pyao-admin waits for the store, not for the processor: its share of the code is built for size.
CARGO_PROFILE_RELEASE_OPT_LEVEL=z cargo build --locked --release --target "$host" --package pyao-admin

mkdir -p "$target_folder/static"
total=0
for program in "${programs[@]}"; do
    file=$target_folder/static/$program
    cp "$target_folder/$host/release/$program" "$file"
    # A static file names no loader (the INTERP segment) and needs no library (NEEDED).
    headers=$(readelf --program-headers --dynamic --wide "$file")
    if grep -Eq 'INTERP|NEEDED' <<<"$headers"; then
        echo "$file is not static:" >&2
        ldd "$file" >&2 || true
        exit 1
    fi
    "$file" --version >/dev/null
    size=$(stat --format=%s "$file")
    total=$((total + size))
    printf '%-12s %10d bytes  static  %s\n' "$program" "$size" "$file"
done
printf '%-12s %10d bytes\n' total "$total"
