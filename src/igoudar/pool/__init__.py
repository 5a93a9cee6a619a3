"""The pool of packages that the hosts of a site install from: what is in it (`lock`), and how it is made.

`lock` is pure and says which version of every package there is; `apt` finds them by a real apt, `folder`
brings them into a folder and `push` from there to the members of the service `packages`, who hand them on
(role `package_mirror`).
"""

MIRRORED = "/srv/igoudar/packages"  # the pool on a mirror
