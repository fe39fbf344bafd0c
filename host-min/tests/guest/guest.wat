;; The second byte of the path selects the guest's behaviour:
;;   /ok          200 "ok"
;;   /trap        the handler open-account traps
;;   /loop        the handler spin never returns
;;   /memory      the handler hog grows its memory without end
;;   /half        begins a response, then traps in the handler writer
;;   /flood       writes 4 MiB of a response, then traps
;;   /nothing     returns without a response
;;   /wait        sleeps in the host for an hour
;;   /put KEY     creates KEY by compare-and-swap with the value "value": 201, or 409 if it exists
;;   /get KEY     200 with the value, or 404
;;   /count KEY   adds 1 to KEY by draft2, then 1 by draft: 200 with the sum as one digit
;;   /dKEY        creates KEY and KEY without its last byte in one step: 201, or 409 with the index of the key that exists
;;   /rKEY        draws a number above 40 from the counter KEY: 200 with three digits
;;   /stale KEY   two handles of an absent key; the first swaps, the second must fail and its
;;                fresh handle succeed: 200
;;   /numberKEY   200 with the counter KEY in three digits
;;   /xtra        200 "ok" with its length, then traps in the handler after
;;   /yawn        200 "ok" with its length, then sleeps for a second
;;   /es, /ef, /el, /eq
;;                an event stream that writes at an interval (s), writes as fast as it can (f), computes
;;                forever after its first event (l), or sleeps for an hour (q); creates the key "gone" when it is closed
;;   /vars        200 with the value of the first environment variable
;;   /under       requests /hello from the authority in this value, and returns its status; 599 if the request fails
;;   /admin/reactions, /admin/pump?reaction=X
;;                if the guest has reactions: a sends commands, t traps, l has a concurrency of three and takes half a second;
;;                each counts its own name. Otherwise 404
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
  (import "wasi:http/types@0.2.4" "[method]fields.append" (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.4" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-request.set-path-with-query" (func $set-path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-request.set-scheme" (func $set-scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-request.set-authority" (func $set-authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]future-incoming-response.subscribe" (func $answered (param i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]future-incoming-response.get" (func $get-answer (param i32 i32)))
  (import "wasi:http/types@0.2.4" "[method]incoming-response.status" (func $its-status (param i32) (result i32)))
  (import "wasi:http/outgoing-handler@0.2.4" "handle" (func $send (param i32 i32 i32 i32)))
  (import "wasi:cli/environment@0.2.4" "get-environment" (func $environment (param i32)))
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
  (import "annals:keyvalue/conditional@0.1.0" "create-all" (func $create-all (param i32 i32 i32 i32)))
  (import "annals:keyvalue/conditional@0.1.0" "draw" (func $draw (param i32 i32 i32 i64 i32)))
  (import "annals:keyvalue/conditional@0.1.0" "get-many" (func $get-many (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open1 (param i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft" "increment" (func $increment1 (param i32 i32 i32 i64 i32)))

  (memory (export "memory") 16)
  (global $free (mut i32) (i32.const 131072))
  (global $key (mut i32) (i32.const 0))
  (global $key-len (mut i32) (i32.const 0))
  (global $reacts i32 (i32.const 0))
  (global $headers (mut i32) (i32.const 0))
  ;; Number of requests to this instance.
  (global $served (mut i32) (i32.const 0))
  ;; 0..1023: return areas; 1024: constants
  (data (i32.const 1024) "ok")
  (data (i32.const 1040) "value")
  (data (i32.const 1056) "default")
  (data (i32.const 1072) "content-length")
  (data (i32.const 1088) "2")
  (data (i32.const 1104) "content-type")
  (data (i32.const 1120) "text/event-stream")
  (data (i32.const 1152) "data: x\n\n")
  (data (i32.const 1168) "gone")
  (data (i32.const 1184) "/hello")
  (data (i32.const 1200) "{\"reactions\":[{\"name\":\"a\",\"kind\":\"process-manager\",\"lanes\":1},{\"name\":\"t\",\"lanes\":1},{\"name\":\"l\",\"lanes\":3}]}")
  (data (i32.const 1400) "{\"delivered\":0,\"more\":false,\"retryInMs\":null}")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $handler:open-account unreachable)
  (func $handler:writer unreachable)
  (func $handler:after unreachable)
  (func $handler:taker unreachable)
  (func $handler:spin (loop $again (br $again)))
  (func $handler:hog
    (loop $again (drop (memory.grow (i32.const 16))) (br $again)))

  ;; Begins the response and returns the body's handle. Stores the stream's handle at 900.
  (func $begin (param $out i32) (param $code i32) (result i32)
    (local $r i32) (local $b i32)
    (if (i32.eqz (global.get $headers)) (then (global.set $headers (call $fields))))
    (local.set $r (call $response (global.get $headers)))
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

  ;; draft2 uses the bucket "", draft uses "default": both are the same bucket.
  (func $count (param $out i32)
    (call $increment (call $bucket) (global.get $key) (global.get $key-len) (i64.const 1) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (call $open1 (i32.const 1056) (i32.const 7) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (call $increment1 (i32.load (i32.const 4)) (global.get $key) (global.get $key-len) (i64.const 1) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (i32.store8 (i32.const 2000) (i32.add (i32.const 48) (i32.wrap_i64 (i64.load (i32.const 8)))))
    (call $answer (local.get $out) (i32.const 200) (i32.const 2000) (i32.const 1)))

  ;; 2100: two entries; 2140: their keys
  (func $both (param $out i32)
    (local $values i32)
    (i32.store (i32.const 2100) (global.get $key))
    (i32.store (i32.const 2104) (global.get $key-len))
    (i32.store (i32.const 2108) (i32.const 1040))
    (i32.store (i32.const 2112) (i32.const 5))
    (i32.store (i32.const 2116) (global.get $key))
    (i32.store (i32.const 2120) (i32.sub (global.get $key-len) (i32.const 1)))
    (i32.store (i32.const 2124) (i32.const 1040))
    (i32.store (i32.const 2128) (i32.const 5))
    (i64.store (i32.const 2140) (i64.load (i32.const 2100)))
    (i64.store (i32.const 2148) (i64.load (i32.const 2116)))
    (call $create-all (call $bucket) (i32.const 2100) (i32.const 2) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (if (i32.load8_u (i32.const 4)) (then
      (i32.store8 (i32.const 2000) (i32.add (i32.const 48) (i32.load (i32.const 8))))
      (call $answer (local.get $out) (i32.const 409) (i32.const 2000) (i32.const 1)) (return)))
    (call $get-many (call $bucket) (i32.const 2140) (i32.const 2) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 8)) (i32.const 2)) (then unreachable))
    (local.set $values (i32.load (i32.const 4)))
    (if (i32.eqz (i32.load8_u (local.get $values))) (then unreachable))
    (if (i32.ne (i32.load offset=20 (local.get $values)) (i32.const 5)) (then unreachable))
    (call $answer (local.get $out) (i32.const 201) (i32.const 1024) (i32.const 2)))

  (func $next (param $out i32)
    (call $draw (call $bucket) (global.get $key) (global.get $key-len) (i64.const 40) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (call $three-digits (local.get $out) (i32.wrap_i64 (i64.load (i32.const 8)))))

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

  (func $header (param $name i32) (param $name-len i32) (param $at i32) (param $len i32)
    (global.set $headers (call $fields))
    (call $append (global.get $headers) (local.get $name) (local.get $name-len) (local.get $at) (local.get $len) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable)))

  (func $ok-with-length (param $out i32)
    (call $header (i32.const 1072) (i32.const 14) (i32.const 1088) (i32.const 1))
    (call $answer (local.get $out) (i32.const 200) (i32.const 1024) (i32.const 2)))

  (func $number (param $out i32)
    (call $increment (call $bucket) (global.get $key) (global.get $key-len) (i64.const 0) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (call $three-digits (local.get $out) (i32.wrap_i64 (i64.load (i32.const 8)))))

  (func $three-digits (param $out i32) (param $n i32)
    (i32.store8 (i32.const 2000) (i32.add (i32.const 48) (i32.div_u (local.get $n) (i32.const 100))))
    (i32.store8 (i32.const 2001) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $n) (i32.const 10)) (i32.const 10))))
    (i32.store8 (i32.const 2002) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
    (call $answer (local.get $out) (i32.const 200) (i32.const 2000) (i32.const 3)))

  (func $events (param $out i32) (param $how i32)
    (local $len i32)
    (call $header (i32.const 1104) (i32.const 12) (i32.const 1120) (i32.const 17))
    (drop (call $begin (local.get $out) (i32.const 200)))
    (local.set $len (select (i32.const 4096) (i32.const 9) (i32.eq (local.get $how) (i32.const 0x66))))
    (loop $again
      (call $push (i32.load (i32.const 900)) (select (i32.const 65536) (i32.const 1152) (i32.eq (local.get $len) (i32.const 4096))) (local.get $len) (i32.const 0))
      (if (i32.eqz (i32.load8_u (i32.const 0))) (then
        (if (i32.eq (local.get $how) (i32.const 0x6c)) (then (call $handler:spin)))
        (if (i32.eq (local.get $how) (i32.const 0x71)) (then (call $block (call $timer (i64.const 3600000000000)))))
        (if (i32.eq (local.get $how) (i32.const 0x73)) (then (call $block (call $timer (i64.const 20000000)))))
        (br $again))))
    (global.set $key (i32.const 1168))
    (global.set $key-len (i32.const 4))
    (drop (call $swap-value (call $new-cas))))

  (func $variables (param $out i32)
    (local $first i32)
    (call $environment (i32.const 0))
    (if (i32.eqz (i32.load (i32.const 4))) (then (call $answer (local.get $out) (i32.const 404) (i32.const 1024) (i32.const 0)) (return)))
    (local.set $first (i32.load (i32.const 0)))
    (call $answer (local.get $out) (i32.const 200) (i32.load offset=8 (local.get $first)) (i32.load offset=12 (local.get $first))))

  (func $under (param $out i32)
    (local $first i32) (local $r i32) (local $status i32)
    (call $environment (i32.const 0))
    (local.set $first (i32.load (i32.const 0)))
    (local.set $r (call $request (call $fields)))
    (drop (call $set-path (local.get $r) (i32.const 1) (i32.const 1184) (i32.const 6)))
    (drop (call $set-scheme (local.get $r) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $set-authority (local.get $r) (i32.const 1) (i32.load offset=8 (local.get $first)) (i32.load offset=12 (local.get $first))))
    (call $send (local.get $r) (i32.const 0) (i32.const 0) (i32.const 0))
    (local.set $status (i32.const 599))
    (if (i32.eqz (i32.load8_u (i32.const 0))) (then
      (local.set $r (i32.load (i32.const 8)))
      (call $block (call $answered (local.get $r)))
      (call $get-answer (local.get $r) (i32.const 0))
      (if (i32.eqz (i32.load8_u (i32.const 16))) (then (local.set $status (call $its-status (i32.load (i32.const 24))))))))
    (call $answer (local.get $out) (local.get $status) (i32.const 1024) (i32.const 0)))

  ;; The path of a pump is 21 bytes long before the reaction's name.
  (func $admin (param $out i32)
    (local $reaction i32)
    (if (i32.eqz (global.get $reacts)) (then (call $answer (local.get $out) (i32.const 404) (i32.const 1024) (i32.const 0)) (return)))
    (if (i32.eq (i32.load8_u offset=6 (global.get $key)) (i32.const 0x72))
      (then (call $answer (local.get $out) (i32.const 200) (i32.const 1200) (i32.const 109)) (return)))
    (global.set $key (i32.add (global.get $key) (i32.const 20)))
    (global.set $key-len (i32.const 1))
    (local.set $reaction (i32.load8_u (global.get $key)))
    (call $increment (call $bucket) (global.get $key) (i32.const 1) (i64.const 1) (i32.const 0))
    (if (i32.eq (local.get $reaction) (i32.const 0x74)) (then (call $handler:taker)))
    (if (i32.eq (local.get $reaction) (i32.const 0x6c)) (then (call $block (call $timer (i64.const 500000000)))))
    (call $answer (local.get $out) (i32.const 200) (i32.const 1400) (i32.const 45)))

  (func (export "wasi:http/incoming-handler@0.2.4#handle") (param $request i32) (param $out i32)
    (local $what i32)
    ;; Reset the data of the last request.
    (global.set $free (i32.const 131072))
    (global.set $headers (i32.const 0))
    (global.set $served (i32.add (global.get $served) (i32.const 1)))
    (call $path (local.get $request) (i32.const 0))
    (global.set $key (i32.add (i32.load (i32.const 4)) (i32.const 1)))
    (global.set $key-len (i32.sub (i32.load (i32.const 8)) (i32.const 1)))
    (local.set $what (i32.load8_u (global.get $key)))
    (if (i32.eq (local.get $what) (i32.const 0x6f)) (then (call $answer (local.get $out) (i32.const 200) (i32.const 1024) (i32.const 2)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x69)) (then (call $three-digits (local.get $out) (global.get $served)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x6b)) (then (drop (memory.grow (i32.const 16))) (call $three-digits (local.get $out) (global.get $served)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x62)) (then (drop (call $begin (local.get $out) (i32.const 200))) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x74)) (then (call $handler:open-account)))
    (if (i32.eq (local.get $what) (i32.const 0x6c)) (then (call $handler:spin)))
    (if (i32.eq (local.get $what) (i32.const 0x6d)) (then (call $handler:hog)))
    (if (i32.eq (local.get $what) (i32.const 0x68)) (then (call $half (local.get $out))))
    (if (i32.eq (local.get $what) (i32.const 0x66)) (then (call $flood (local.get $out))))
    (if (i32.eq (local.get $what) (i32.const 0x6e)) (then
      (if (i32.eq (i32.load8_u offset=1 (global.get $key)) (i32.const 0x6f)) (then (return)))
      (global.set $key (i32.add (global.get $key) (i32.const 6)))
      (global.set $key-len (i32.sub (global.get $key-len) (i32.const 6)))
      (call $number (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x77)) (then (call $block (call $timer (i64.const 3600000000000)))))
    (if (i32.eq (local.get $what) (i32.const 0x70)) (then (global.set $key (i32.add (global.get $key) (i32.const 1))) (global.set $key-len (i32.sub (global.get $key-len) (i32.const 1))) (call $put (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x67)) (then (global.set $key (i32.add (global.get $key) (i32.const 1))) (global.set $key-len (i32.sub (global.get $key-len) (i32.const 1))) (call $read (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x61)) (then (call $admin (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x65)) (then (call $events (local.get $out) (i32.load8_u offset=1 (global.get $key))) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x75)) (then (call $under (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x76)) (then (call $variables (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x78)) (then (call $ok-with-length (local.get $out)) (call $handler:after)))
    (if (i32.eq (local.get $what) (i32.const 0x79)) (then (call $ok-with-length (local.get $out)) (call $block (call $timer (i64.const 1000000000))) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x63)) (then (call $count (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x64)) (then (global.set $key (i32.add (global.get $key) (i32.const 1))) (global.set $key-len (i32.sub (global.get $key-len) (i32.const 1))) (call $both (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x72)) (then (global.set $key (i32.add (global.get $key) (i32.const 1))) (global.set $key-len (i32.sub (global.get $key-len) (i32.const 1))) (call $next (local.get $out)) (return)))
    (if (i32.eq (local.get $what) (i32.const 0x73)) (then (call $stale (local.get $out)) (return)))
    unreachable)
)
