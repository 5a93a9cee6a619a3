# Written by igoudar (role base). A shell that nobody types in ends after ten minutes (ANSSI-BP-028 R32).
if [ -n "${BASH_VERSION:-}" ]; then
    declare -xr TMOUT=600
fi
