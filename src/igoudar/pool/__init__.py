"""The pool of packages that the hosts of a site install from: what is in it (`lock`), and how it is made.

`lock` is pure and says which version of every package there is; `apt` finds them by a real apt and `folder`
brings them into a folder that members of the service `packages` hand on (role `package_mirror`).
"""
