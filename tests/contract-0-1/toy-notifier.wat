(component
  (type $ty-annals:es/types@0.1.0 (;0;)
    (instance
      (type (;0;) (option string))
      (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
      (export (;2;) "metadata" (type (eq 1)))
      (type (;3;) (list u8))
      (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
      (export (;5;) "recorded-event" (type (eq 4)))
      (type (;6;) (record (field "message" string)))
      (export (;7;) "fault" (type (eq 6)))
      (type (;8;) (enum "origin" "now"))
      (export (;9;) "start-from" (type (eq 8)))
      (type (;10;) (record (field "event-type" string) (field "version" u32)))
      (export (;11;) "event-schema" (type (eq 10)))
      (type (;12;) (list string))
      (type (;13;) (list 11))
      (type (;14;) (record (field "name" string) (field "version" u32) (field "wants" 12) (field "emits" 12) (field "views" 12) (field "from" 9) (field "lanes" u32) (field "schemas" 13)))
      (export (;15;) "reaction-descriptor" (type (eq 14)))
    )
  )
  (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;0;) (type $ty-annals:es/types@0.1.0)))
  (core module $main (;0;)
    (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
    (type (;1;) (func))
    (type (;2;) (func (result i32)))
    (type (;3;) (func (param i32) (result i32)))
    (memory (;0;) 2)
    (global $free (;0;) (mut i32) i32.const 224)
    (export "memory" (memory 0))
    (export "cabi_realloc" (func 0))
    (export "effects" (func $effects))
    (export "annals:es/notifiers@0.1.0#describe" (func 2))
    (export "annals:es/notifiers@0.1.0#notify" (func 3))
    (func (;0;) (type 0) (param i32 i32 i32 i32) (result i32)
      global.get $free
      i32.const 15
      i32.add
      i32.const -16
      i32.and
      global.set $free
      global.get $free
      global.get $free
      local.get 3
      i32.add
      global.set $free
    )
    (func $effects (;1;) (type 1))
    (func (;2;) (type 2) (result i32)
      i32.const 204
    )
    (func (;3;) (type 3) (param $args i32) (result i32)
      local.get $args
      i32.load
      i32.const 1
      i32.ge_u
      if ;; label = @1
        unreachable
      end
      i32.const 16
      i32.const 0
      i32.store8
      i32.const 24
      i32.const 1
      i32.store8
      i32.const 32
      local.get $args
      i32.load
      i32.const 1000
      i32.mul
      local.get $args
      i32.const 136
      i32.add
      i32.load
      i32.add
      i64.extend_i32_u
      i64.store
      i32.const 16
    )
    (data (;0;) (i32.const 16) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00notifier\90\00\00\00\08\00\00\00\01\00\00\00\98\00\00\00\00\00\00\00\98\00\00\00\00\00\00\00\98\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\90\00\00\00\00\00\00\00\98\00\00\00\01\00\00\00\d4\00\00\00\00\00\00\00")
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (alias export $annals:es/types@0.1.0 "recorded-event" (type $recorded-event (;1;)))
  (alias export $annals:es/types@0.1.0 "metadata" (type $metadata (;2;)))
  (alias export $annals:es/types@0.1.0 "fault" (type $fault (;3;)))
  (alias export $annals:es/types@0.1.0 "start-from" (type $start-from (;4;)))
  (alias export $annals:es/types@0.1.0 "reaction-descriptor" (type $reaction-descriptor (;5;)))
  (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;6;)))
  (type (;7;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
  (core instance $main (;0;) (instantiate $main))
  (alias core export $main "memory" (core memory $memory (;0;)))
  (type (;8;) (list $reaction-descriptor))
  (type (;9;) (func (result 8)))
  (alias core export $main "annals:es/notifiers@0.1.0#describe" (core func $annals:es/notifiers@0.1.0#describe (;0;)))
  (func $describe (;0;) (type 9) (canon lift (core func $annals:es/notifiers@0.1.0#describe) (memory $memory) string-encoding=utf8))
  (type (;10;) (result 7 (error $fault)))
  (type (;11;) (func (param "notifier" u32) (param "e" $recorded-event) (param "attempt" u32) (result 10)))
  (alias core export $main "annals:es/notifiers@0.1.0#notify" (core func $annals:es/notifiers@0.1.0#notify (;1;)))
  (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
  (func $notify (;1;) (type 11) (canon lift (core func $annals:es/notifiers@0.1.0#notify) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
  (component $annals:es/notifiers@0.1.0-shim-component (;0;)
    (type (;0;) (option string))
    (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
    (import "import-type-metadata" (type (;2;) (eq 1)))
    (type (;3;) (list u8))
    (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
    (import "import-type-recorded-event" (type (;5;) (eq 4)))
    (type (;6;) (record (field "message" string)))
    (import "import-type-fault" (type (;7;) (eq 6)))
    (type (;8;) (enum "origin" "now"))
    (import "import-type-start-from" (type (;9;) (eq 8)))
    (type (;10;) (record (field "event-type" string) (field "version" u32)))
    (import "import-type-event-schema" (type (;11;) (eq 10)))
    (type (;12;) (list string))
    (type (;13;) (list 11))
    (type (;14;) (record (field "name" string) (field "version" u32) (field "wants" 12) (field "emits" 12) (field "views" 12) (field "from" 9) (field "lanes" u32) (field "schemas" 13)))
    (import "import-type-reaction-descriptor" (type (;15;) (eq 14)))
    (import "import-type-reaction-descriptor0" (type (;16;) (eq 15)))
    (type (;17;) (list 16))
    (type (;18;) (func (result 17)))
    (import "import-func-describe" (func (;0;) (type 18)))
    (import "import-type-recorded-event0" (type (;19;) (eq 5)))
    (type (;20;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
    (import "import-type-delivery" (type (;21;) (eq 20)))
    (import "import-type-fault0" (type (;22;) (eq 7)))
    (type (;23;) (result 21 (error 22)))
    (type (;24;) (func (param "notifier" u32) (param "e" 19) (param "attempt" u32) (result 23)))
    (import "import-func-notify" (func (;1;) (type 24)))
    (export (;25;) "recorded-event" (type 5))
    (export (;26;) "metadata" (type 2))
    (export (;27;) "fault" (type 7))
    (export (;28;) "start-from" (type 9))
    (export (;29;) "reaction-descriptor" (type 15))
    (export (;30;) "event-schema" (type 11))
    (type (;31;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
    (export (;32;) "delivery" (type 31))
    (type (;33;) (list 29))
    (type (;34;) (func (result 33)))
    (export (;2;) "describe" (func 0) (func (type 34)))
    (type (;35;) (result 32 (error 27)))
    (type (;36;) (func (param "notifier" u32) (param "e" 25) (param "attempt" u32) (result 35)))
    (export (;3;) "notify" (func 1) (func (type 36)))
  )
  (instance $annals:es/notifiers@0.1.0-shim-instance (;1;) (instantiate $annals:es/notifiers@0.1.0-shim-component
      (with "import-func-describe" (func $describe))
      (with "import-func-notify" (func $notify))
      (with "import-type-metadata" (type $metadata))
      (with "import-type-recorded-event" (type $recorded-event))
      (with "import-type-fault" (type $fault))
      (with "import-type-start-from" (type $start-from))
      (with "import-type-event-schema" (type $event-schema))
      (with "import-type-reaction-descriptor" (type $reaction-descriptor))
      (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
      (with "import-type-recorded-event0" (type $recorded-event))
      (with "import-type-delivery" (type 7))
      (with "import-type-fault0" (type $fault))
    )
  )
  (export $annals:es/notifiers@0.1.0 (;2;) "annals:es/notifiers@0.1.0" (instance $annals:es/notifiers@0.1.0-shim-instance))
  (@producers
    (processed-by "wit-component" "0.262.0")
  )
)
