;; `wasi_snapshot_preview1` for a plugin, answered inside the component: this adapter imports nothing but the memory
;; of the module that it is joined to, so the component asks holdpoint for no WASI at all.
;;
;;   wasm-tools component new core.wasm --adapt wasi_snapshot_preview1=pure-wasip1.wasm -o plugin.wasm
;;
;; A toolchain imports WASI because its runtime starts with it, not because a rule needs it. What a runtime gets:
;;
;; * Clocks do not tell the time. They count up one microsecond with every reading, from zero, and never go back, so
;;   that a loop that waits for a clock ends. A rule takes the instant of the decision from its input.
;; * `random_get` gives the same bytes in every instance. That is good for the seeds of hash tables, and it MUST NEVER
;;   feed anything that relies on a secret: no keys, no tokens, no nonces, no sampling that an adversary may not guess.
;; * There are no arguments, no variables, no files and no folders opened before the start.
;; * What is written to standard output and standard error is taken and dropped; `log` of the contract is the way out.
;; * Waiting ends at once, and the clocks jump to when it would have ended.
;; * `proc_exit` traps: a plugin that stops itself gave no verdict.
;;
;; All 46 functions of the snapshot are here, so any module can be joined: `wasm-tools` keeps those that it imports.
;; Numbers of errors are WASI's: 0 success, 8 no such descriptor, 28 invalid argument, 52 not supported, 76 not capable.
(module
  (import "env" "memory" (memory 0))

  ;; The last reading of the clocks, in nanoseconds. What follows is always later.
  (global $now (mut i64) (i64.const 0))
  ;; State of the sequence behind `random_get`.
  (global $state (mut i64) (i64.const 0x1D872B41C53F9A67))

  ;; Writes two empty sizes: of arguments or variables, and of their text.
  (func $no_strings (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (func (export "args_sizes_get") (param i32 i32) (result i32) (call $no_strings (local.get 0) (local.get 1)))
  (func (export "environ_sizes_get") (param i32 i32) (result i32) (call $no_strings (local.get 0) (local.get 1)))
  (func (export "args_get") (param i32 i32) (result i32) (i32.const 0))
  (func (export "environ_get") (param i32 i32) (result i32) (i32.const 0))

  (func (export "clock_res_get") (param $clock i32) (param $out i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $clock) (i32.const 3))
      (then (i32.const 28))
      (else
        (i64.store (local.get $out) (i64.const 1000))
        (i32.const 0))))
  (func (export "clock_time_get") (param $clock i32) (param $precision i64) (param $out i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $clock) (i32.const 3))
      (then (i32.const 28))
      (else
        (global.set $now (i64.add (global.get $now) (i64.const 1000)))
        (i64.store (local.get $out) (global.get $now))
        (i32.const 0))))

  ;; SplitMix64, one byte a step. Constant: see above.
  (func $next_byte (result i32)
    (local $z i64)
    (global.set $state (i64.add (global.get $state) (i64.const 0x9E3779B97F4A7C15)))
    (local.set $z (global.get $state))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 30)))
                           (i64.const 0xBF58476D1CE4E5B9)))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 27)))
                           (i64.const 0x94D049BB133111EB)))
    (i32.wrap_i64 (i64.shr_u (local.get $z) (i64.const 56))))
  (func (export "random_get") (param $at i32) (param $left i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (i32.store8 (local.get $at) (call $next_byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; Standard output and standard error swallow what they are given: the sum of the lengths is reported as written.
  (func (export "fd_write") (param $fd i32) (param $vectors i32) (param $count i32) (param $out i32) (result i32)
    (local $sum i32)
    (if (i32.and (i32.ne (local.get $fd) (i32.const 1)) (i32.ne (local.get $fd) (i32.const 2)))
      (then (return (i32.const 8))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $vectors))))
        (local.set $vectors (i32.add (local.get $vectors) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $out) (local.get $sum))
    (i32.const 0))

  ;; Standard input is at its end.
  (func (export "fd_read") (param $fd i32) (param $vectors i32) (param $count i32) (param $out i32) (result i32)
    (if (local.get $fd) (then (return (i32.const 8))))
    (i32.store (local.get $out) (i32.const 0))
    (i32.const 0))

  ;; The three standard streams are character devices without rights to seek; other descriptors do not exist.
  (func (export "fd_fdstat_get") (param $fd i32) (param $out i32) (result i32)
    (if (i32.gt_u (local.get $fd) (i32.const 2)) (then (return (i32.const 8))))
    ;; file type 2, flags 0
    (i64.store (local.get $out) (i64.const 2))
    ;; the right to read (2) or to write (64), nothing inherited
    (i64.store offset=8 (local.get $out)
      (select (i64.const 64) (i64.const 2) (local.get $fd)))
    (i64.store offset=16 (local.get $out) (i64.const 0))
    (i32.const 0))
  (func (export "fd_fdstat_set_flags") (param $fd i32) (param i32) (result i32)
    (select (i32.const 8) (i32.const 0) (i32.gt_u (local.get $fd) (i32.const 2))))
  (func (export "fd_close") (param $fd i32) (result i32)
    (select (i32.const 8) (i32.const 0) (i32.gt_u (local.get $fd) (i32.const 2))))

  ;; When the clock subscription at `at` is over that was made at `start`: not before, and not so late that the clocks
  ;; could overflow.
  (func $deadline (param $at i32) (param $start i64) (result i64)
    (local $time i64)
    (local.set $time (i64.load offset=24 (local.get $at)))
    ;; flag 1: the time is absolute
    (if (i32.eqz (i32.and (i32.load16_u offset=40 (local.get $at)) (i32.const 1)))
      (then
        (if (i64.gt_u (local.get $time) (i64.const 0x3FFFFFFFFFFFFFFF))
          (then (local.set $time (i64.const 0x3FFFFFFFFFFFFFFF))))
        (local.set $time (i64.add (local.get $time) (local.get $start)))))
    (if (i64.gt_u (local.get $time) (i64.const 0x3FFFFFFFFFFFFFFF))
      (then (local.set $time (i64.const 0x3FFFFFFFFFFFFFFF))))
    (select (local.get $time) (local.get $start) (i64.gt_u (local.get $time) (local.get $start))))

  ;; The first deadline among the clock subscriptions, or now when another kind is there: that one never waits.
  (func $first_deadline (param $in i32) (param $count i32) (result i64)
    (local $first i64) (local $one i64)
    (local.set $first (i64.const -1))
    (loop $next
      (local.set $one
        (if (result i64) (i32.load8_u offset=8 (local.get $in))
          (then (global.get $now))
          (else (call $deadline (local.get $in) (global.get $now)))))
      (if (i64.lt_u (local.get $one) (local.get $first)) (then (local.set $first (local.get $one))))
      (local.set $in (i32.add (local.get $in) (i32.const 48)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $next (local.get $count)))
    (local.get $first))

  ;; Writes the event of the subscription at `in`, with an error number.
  (func $event (param $in i32) (param $out i32) (param $error i32)
    (i64.store (local.get $out) (i64.load (local.get $in)))
    (i32.store16 offset=8 (local.get $out) (local.get $error))
    (i32.store8 offset=10 (local.get $out) (i32.load8_u offset=8 (local.get $in)))
    (i64.store offset=16 (local.get $out) (i64.const 0))
    (i64.store offset=24 (local.get $out) (i64.const 0)))

  ;; Nobody waits: the clocks jump to the first deadline, and what is due then is reported. An error here would not do,
  ;; since Go's runtime gives up when this call fails. Standard streams are always ready; other descriptors are no such.
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)
    (local $written i32) (local $start i64)
    (if (i32.eqz (local.get $count)) (then (return (i32.const 28))))
    (local.set $start (global.get $now))
    (global.set $now (call $first_deadline (local.get $in) (local.get $count)))
    (loop $next
      (block $skip
        (if (i32.load8_u offset=8 (local.get $in))
          (then
            (call $event (local.get $in) (local.get $out)
              (select (i32.const 8) (i32.const 0) (i32.gt_u (i32.load offset=16 (local.get $in)) (i32.const 2)))))
          (else
            (br_if $skip (i64.gt_u (call $deadline (local.get $in) (local.get $start)) (global.get $now)))
            (call $event (local.get $in) (local.get $out) (i32.const 0))))
        (local.set $out (i32.add (local.get $out) (i32.const 32)))
        (local.set $written (i32.add (local.get $written) (i32.const 1))))
      (local.set $in (i32.add (local.get $in) (i32.const 48)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $next (local.get $count)))
    (i32.store (local.get $events) (local.get $written))
    (i32.const 0))

  (func (export "sched_yield") (result i32) (i32.const 0))
  (func (export "proc_exit") (param i32) unreachable)
  (func (export "proc_raise") (param i32) (result i32) (i32.const 52))

  ;; Descriptors of files and sockets do not exist.
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_datasync") (param i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_renumber") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_sync") (param i32) (result i32) (i32.const 8))
  (func (export "fd_tell") (param i32 i32) (result i32) (i32.const 8))
  (func (export "sock_accept") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (i32.const 8))

  ;; No path can be reached.
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) (i32.const 76))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) (i32.const 76))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 76))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 76))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 76))
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 76))
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) (i32.const 76))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 76))
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (i32.const 76))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (i32.const 76)))
