"""Work on hosts, in processes of their own: pyinfra keeps state of the whole process and patches sockets.

pool.py        caller's side: keeps worker processes, `run_roles`
rollout.py     caller's side: the same wave by wave
__main__.py    a worker process: JSON lines in, events and results out
site_roles.py  in the worker: all roles of many hosts by pyinfra
calls.py       what a role's @deploy function calls
script.py, results.py   one script a host, and its answer; of the script
  bundle.sh    all roles, only judged or applied
  removal.sh   files of ours that no role declares any more
  line.sh      one line of a file that is not ours
  host_record.sh  the host's history, and whether it wants a reboot
lockout.py     what goes back by itself: lockout.sh keeps it, back.sh puts it back, new_login.py confirms
shell.py       the texts of these
report.py      what is said of it, on disk and to people
host_secrets.py  in the worker: values of secrets, from the store to the script
live_masks.py  the answer without secrets
operations.py  the same calls as ordinary pyinfra operations
connector.py   pyinfra over the project's SSH sessions
"""
