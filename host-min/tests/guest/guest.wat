;; A guest that does what its path's second byte says:
;;   /ok          200 "ok"
;;   /trap        the handler open-account traps
;;   /loop        the handler spin never returns
;;   /memory      the handler hog grows without end
;;   /half        begins an answer, then traps in the handler writer
;;   /flood       writes 4 MiB of an answer, then traps
;;   /nothing     returns without an answer
;;   /wait        sleeps in the host for an hour
;;   /put KEY     creates KEY by compare-and-swap with the value "value": 201, or 409 if it is there
;;   /get KEY     200 with the value, or 404
;;   /count KEY   adds 1 to KEY by draft2, then 1 by draft: 200 with the sum as one digit
;;   /stale KEY   two handles of an absent key; the first swaps, the second must fail and its
;;                fresh handle succeed: 200
;; (KEY is the rest of the path, from its second byte on.)
(module $annals-switchboard
  (import "wasi:http/types@0.2.4" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.4" "[method]incoming-request.path-with-query" (func $path (param i32 i32)))
  (import "wasi:http/types@0.2.4" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-response.set-status-code" (func $status (param i32 i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "wasi:http/types@0.2.4" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.4" "[static]response-outparam.set" (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.4" "[method]output-stream.blocking-write-and-flush" (func $push (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.4" "[resource-drop]output-stream" (func $drop-stream (param i32)))
  (import "wasi:io/poll@0.2.4" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.4" "subscribe-duration" (func $timer (param i64) (result i32)))
  (import "wasi:keyvalue/store@0.2.0-draft2" "open" (func $open (param i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft2" "[method]bucket.get" (func $get (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "[static]cas.new" (func $cas (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "[method]cas.current" (func $current (param i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "swap" (func $swap (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "increment" (func $increment (param i32 i32 i32 i64 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open1 (param i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft" "increment" (func $increment1 (param i32 i32 i32 i64 i32)))

  (memory (export "memory") 16)
  (global $free (mut i32) (i32.const 131072))
  (global $key (mut i32) (i32.const 0))
  (global $key-len (mut i32) (i32.const 0))
  ;; 0..1023: return areas; 1024: constants
  (data (i32.const 1024) "ok")
  (data (i32.const 1040) "value")
  (data (i32.const 1056) "default")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $handler:open-account unreachable)
  (func $handler:writer unreachable)
  (func $handler:spin (loop $again (br $again)))
  (func $handler:hog
    (loop $again (drop (memory.grow (i32.const 16))) (br $again)))

  ;; Begins the answer; returns the body's handle. The stream's handle is left at 900.
  (func $begin (param $out i32) (param $code i32) (result i32)
    (local $r i32) (local $b i32)
    (local.set $r (call $response (call $fields)))
    (drop (call $status (local.get $r) (local.get $code)))
    (call $body (local.get $r) (i32.const 0))
    (local.set $b (i32.load (i32.const 4)))
    (call $set (local.get $out) (i32.const 0) (local.get $r) (i32.const 0) (i64.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $write (local.get $b) (i32.const 0))
    (i32.store (i32.const 900) (i32.load (i32.const 4)))
    (local.get $b))

  (func $answer (param $out i32) (param $code i32) (param $at i32) (param $len i32)
    (local $b i32)
    (local.set $b (call $begin (local.get $out) (local.get $code)))
    (call $push (i32.load (i32.const 900)) (local.get $at) (local.get $len) (i32.const 0))
    (call $drop-stream (i32.load (i32.const 900)))
    (call $finish (local.get $b) (i32.const 0) (i32.const 0) (i32.const 0)))

  (func $bucket (result i32)
    (call $open (i32.const 1024) (i32.const 0) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (i32.load (i32.const 4)))

  (func $new-cas (result i32)
    (call $cas (call $bucket) (global.get $key) (global.get $key-len) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (i32.load (i32.const 4)))

  ;; 0: done
  (func $swap-value (param $cas i32) (result i32)
    (call $swap (local.get $cas) (i32.const 1040) (i32.const 5) (i32.const 0))
    (i32.load8_u (i32.const 0)))

  (func $put (param $out i32)
    (local $handle i32)
    (local.set $handle (call $new-cas))
    (call $current (local.get $handle) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (if (i32.load8_u (i32.const 4))
      (then (call $answer (local.get $out) (i32.const 409) (i32.const 1024) (i32.const 2)) (return)))
    (call $answer (local.get $out)
      (select (i32.const 409) (i32.const 201) (call $swap-value (local.get $handle)))
      (i32.const 1024) (i32.const 2)))

  (func $read (param $out i32)
    (call $get (call $bucket) (global.get $key) (global.get $key-len) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (if (i32.load8_u (i32.const 4))
      (then (call $answer (local.get $out) (i32.const 200) (i32.load (i32.const 8)) (i32.load (i32.const 12))))
      (else (call $answer (local.get $out) (i32.const 404) (i32.const 1024) (i32.const 0)))))

  ;; By draft2 in the bucket "", by draft in "default": the same.
  (func $count (param $out i32)
    (call $increment (call $bucket) (global.get $key) (global.get $key-len) (i64.const 1) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (call $open1 (i32.const 1056) (i32.const 7) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (call $increment1 (i32.load (i32.const 4)) (global.get $key) (global.get $key-len) (i64.const 1) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (i32.store8 (i32.const 2000) (i32.add (i32.const 48) (i32.wrap_i64 (i64.load (i32.const 8)))))
    (call $answer (local.get $out) (i32.const 200) (i32.const 2000) (i32.const 1)))

  (func $stale (param $out i32)
    (local $first i32) (local $second i32)
    (local.set $first (call $new-cas))
    (local.set $second (call $new-cas))
    (if (call $swap-value (local.get $first)) (then unreachable))
    (if (i32.eqz (call $swap-value (local.get $second))) (then unreachable))
    ;; cas-failed, with a fresh handle
    (if (i32.ne (i32.load8_u (i32.const 4)) (i32.const 1)) (then unreachable))
    (if (call $swap-value (i32.load (i32.const 8))) (then unreachable))
    (call $answer (local.get $out) (i32.const 200) (i32.const 1024) (i32.const 2)))

  (func $flood (param $out i32)
    (local $n i32)
    (drop (call $begin (local.get $out) (i32.const 200)))
    (loop $again
      (call $push (i32.load (i32.const 900)) (i32.const 65536) (i32.const 4096) (i32.const 0))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 1024))))
    (call $handler:writer))

  (func $half (param $out i32)
    (drop (call $begin (local.get $out) (i32.const 200)))
    (call $push (i32.load (i32.const 900)) (i32.const 1024) (i32.const 2) (i32.const 0))
    (call $handler:writer))

  (func (export "wasi:http/incoming-handler@0.2.4#handle") (param $request i32) (param $out i32)
    (local $what i32)
    (call $path (local.get $request) (i32.const 0))
    (global.set $key (i32.add (i32.load (i32.const 4)) (i32.const 1)))
    (global.set $key-len (i32.sub (i32.load (i32.const 8)) (i32.const 1)))
    (local.set $what (i32.load8_u (global.get $key)))
    (if (i32.eq (local.get $what) (i32.const 0x6f)) (then (call $answer (local.get $out) (i32.const 200) (i32.const 1024) (i32.const 2)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x74)) (then (call $handler:open-account)))
    (if (i32.eq (local.get $what) (i32.const 0x6c)) (then (call $handler:spin)))
    (if (i32.eq (local.get $what) (i32.const 0x6d)) (then (call $handler:hog)))
    (if (i32.eq (local.get $what) (i32.const 0x68)) (then (call $half (local.get $out))))
    (if (i32.eq (local.get $what) (i32.const 0x66)) (then (call $flood (local.get $out))))
    (if (i32.eq (local.get $what) (i32.const 0x6e)) (then (return)))
    (if (i32.eq (local.get $what) (i32.const 0x77)) (then (call $block (call $timer (i64.const 3600000000000)))))
    (if (i32.eq (local.get $what) (i32.const 0x70)) (then (global.set $key (i32.add (global.get $key) (i32.const 1))) (global.set $key-len (i32.sub (global.get $key-len) (i32.const 1))) (call $put (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x67)) (then (global.set $key (i32.add (global.get $key) (i32.const 1))) (global.set $key-len (i32.sub (global.get $key-len) (i32.const 1))) (call $read (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x63)) (then (call $count (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x73)) (then (call $stale (local.get $out)) (return)))
    unreachable)
)
