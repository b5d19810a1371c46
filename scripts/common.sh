# Helpers of the scripts, which source this file after `cd` into the repository.

# say TEXT...: prints a heading.
say() { printf '\n== %s\n' "$*" >&2; }

# fail TEXT...: prints the reason and ends the script.
fail() { printf '\nFAILED: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "not root and no sudo: as root, run: $*"
        sudo "$@"
    fi
}

# install_packages PACKAGE...: Debian and Ubuntu only.
install_packages() {
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
    # The lists of packages may be missing or old.
    as_root "${install[@]}" || { as_root apt-get update && as_root "${install[@]}"; }
}

# need COMMAND PACKAGE...: installs the packages if the command is missing, and says so.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    command -v apt-get >/dev/null || fail "'$command' is missing: install it and run this again"
    say "installing the packages $* ('$command' is missing)"
    install_packages "$@" || fail "cannot install $*"
}

# need_without_service COMMAND PACKAGE: as `need`, for a package with a service of the same name, which is started neither
# now nor at the next boot.
need_without_service() (
    command=$1 package=$2
    ! command -v "$command" >/dev/null || exit 0
    # Packages ask this file for leave to start a service; 101 refuses. Containers often have one.
    policy=/usr/sbin/policy-rc.d
    if command -v apt-get >/dev/null && [ ! -e "$policy" ]; then
        trap 'as_root rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod +x "$policy"
    fi
    need "$command" "$package"
    ! command -v systemctl >/dev/null || as_root systemctl disable --quiet "$package"
    echo "(the service $package is installed too, but neither started nor enabled)" >&2
)
