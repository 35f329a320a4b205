"""The shell: everything that waits. Only here are tasks, timers, queues and locks."""
