(component
  (type (;0;)
    (instance
      (type (;0;) (func))
      (export (;0;) "toy" (func (type 0)))
    )
  )
  (import "wasi:http/outgoing-handler@0.2.4" (instance (;0;) (type 0)))
  (type (;1;)
    (instance
      (type (;0;) (func))
      (export (;0;) "toy" (func (type 0)))
    )
  )
  (import "wasi:cli/environment@0.2.4" (instance (;1;) (type 1)))
  (type (;2;)
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
      (type (;16;) (list u8))
      (type (;17;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 16)))
      (export (;18;) "command" (type (eq 17)))
      (type (;19;) (option string))
      (type (;20;) (record (field "now" u64) (field "seed" u64) (field "actor" 19)))
      (export (;21;) "context" (type (eq 20)))
      (type (;22;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 16)))
      (export (;23;) "event" (type (eq 22)))
      (type (;24;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 16)))
      (export (;25;) "new-event" (type (eq 24)))
      (type (;26;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
      (export (;27;) "precondition" (type (eq 26)))
      (type (;28;) (record (field "code" string) (field "message" string) (field "details" 19)))
      (export (;29;) "rejection" (type (eq 28)))
      (type (;30;) (record (field "message" string) (field "at" 19)))
      (export (;31;) "malformed" (type (eq 30)))
      (type (;32;) (variant (case "malformed" 31) (case "rejected" 29) (case "failed" 7)))
      (export (;33;) "decide-error" (type (eq 32)))
      (type (;34;) (list 25))
      (type (;35;) (record (field "events" 34) (field "close" bool)))
      (export (;36;) "decision" (type (eq 35)))
      (type (;37;) (record (field "command-type" string) (field "precondition" 27) (field "schema" 19) (field "internal" bool)))
      (export (;38;) "command-spec" (type (eq 37)))
      (type (;39;) (list 38))
      (type (;40;) (list string))
      (type (;41;) (list 11))
      (type (;42;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 39) (field "emits" 40) (field "folds" 40) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 41)))
      (export (;43;) "decider-descriptor" (type (eq 42)))
      (type (;44;) (list u8))
      (type (;45;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 44)))
      (export (;46;) "row" (type (eq 45)))
      (type (;47;) (record (field "view" string) (field "key" string)))
      (export (;48;) "row-key" (type (eq 47)))
      (type (;49;) (variant (case "put" 46) (case "delete" 48)))
      (export (;50;) "row-change" (type (eq 49)))
      (type (;51;) (record (field "command-type" string) (field "content-type" string) (field "payload" 44)))
      (export (;52;) "outgoing-command" (type (eq 51)))
    )
  )
  (import "annals:es/types@0.1.0" (instance (;2;) (type 2)))
  (component (;0;)
    (type $ty-wasi:http/outgoing-handler@0.2.4 (;0;)
      (instance
        (type (;0;) (func))
        (export (;0;) "toy" (func (type 0)))
      )
    )
    (import "wasi:http/outgoing-handler@0.2.4" (instance $wasi:http/outgoing-handler@0.2.4 (;0;) (type $ty-wasi:http/outgoing-handler@0.2.4)))
    (type $ty-wasi:cli/environment@0.2.4 (;1;)
      (instance
        (type (;0;) (func))
        (export (;0;) "toy" (func (type 0)))
      )
    )
    (import "wasi:cli/environment@0.2.4" (instance $wasi:cli/environment@0.2.4 (;1;) (type $ty-wasi:cli/environment@0.2.4)))
    (type $ty-annals:es/types@0.1.0 (;2;)
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
    (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;2;) (type $ty-annals:es/types@0.1.0)))
    (core module $main (;0;)
      (type (;0;) (func))
      (type (;1;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;2;) (func (result i32)))
      (type (;3;) (func (param i32) (result i32)))
      (import "wasi:http/outgoing-handler@0.2.4" "toy" (func (;0;) (type 0)))
      (import "wasi:cli/environment@0.2.4" "toy" (func (;1;) (type 0)))
      (memory (;0;) 2)
      (export "keep" (func 2))
      (export "memory" (memory 0))
      (export "cabi_realloc" (func 3))
      (export "annals:es/notifiers@0.1.0#describe" (func 4))
      (export "annals:es/notifiers@0.1.0#notify" (func 5))
      (func (;2;) (type 0)
        call 0
        call 1
      )
      (func (;3;) (type 1) (param i32 i32 i32 i32) (result i32)
        unreachable
      )
      (func (;4;) (type 2) (result i32)
        i32.const 96
      )
      (func (;5;) (type 3) (param i32) (result i32)
        unreachable
      )
      (data (;0;) (i32.const 16) "mailerAccountOpened\00\16\00\00\00\0d\00\00\00\10\00\00\00\06\00\00\00\01\00\00\00$\00\00\00\01\00\00\00,\00\00\00\00\00\00\00,\00\00\00\00\00\00\00\00\00\00\00\04\00\00\00\10\00\00\00\00\00\00\00,\00\00\00\01\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $recorded-event (;3;)))
    (alias export $annals:es/types@0.1.0 "metadata" (type $metadata (;4;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $fault (;5;)))
    (alias export $annals:es/types@0.1.0 "start-from" (type $start-from (;6;)))
    (alias export $annals:es/types@0.1.0 "reaction-descriptor" (type $reaction-descriptor (;7;)))
    (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;8;)))
    (type (;9;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
    (alias export $wasi:http/outgoing-handler@0.2.4 "toy" (func $toy (;0;)))
    (core func $toy (;0;) (canon lower (func $toy)))
    (core instance $wasi:http/outgoing-handler@0.2.4 (;0;)
      (export "toy" (func $toy))
    )
    (alias export $wasi:cli/environment@0.2.4 "toy" (func $"#func1 toy" (@name "toy") (;1;)))
    (core func $"#core-func1 toy" (@name "toy") (;1;) (canon lower (func $"#func1 toy")))
    (core instance $wasi:cli/environment@0.2.4 (;1;)
      (export "toy" (func $"#core-func1 toy"))
    )
    (core instance $main (;2;) (instantiate $main
        (with "wasi:http/outgoing-handler@0.2.4" (instance $wasi:http/outgoing-handler@0.2.4))
        (with "wasi:cli/environment@0.2.4" (instance $wasi:cli/environment@0.2.4))
      )
    )
    (alias core export $main "memory" (core memory $memory (;0;)))
    (type (;10;) (list $reaction-descriptor))
    (type (;11;) (func (result 10)))
    (alias core export $main "annals:es/notifiers@0.1.0#describe" (core func $annals:es/notifiers@0.1.0#describe (;2;)))
    (func $describe (;2;) (type 11) (canon lift (core func $annals:es/notifiers@0.1.0#describe) (memory $memory) string-encoding=utf8))
    (type (;12;) (result 9 (error $fault)))
    (type (;13;) (func (param "notifier" u32) (param "e" $recorded-event) (param "attempt" u32) (result 12)))
    (alias core export $main "annals:es/notifiers@0.1.0#notify" (core func $annals:es/notifiers@0.1.0#notify (;3;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;4;)))
    (func $notify (;3;) (type 13) (canon lift (core func $annals:es/notifiers@0.1.0#notify) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
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
    (instance $annals:es/notifiers@0.1.0-shim-instance (;3;) (instantiate $annals:es/notifiers@0.1.0-shim-component
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
        (with "import-type-delivery" (type 9))
        (with "import-type-fault0" (type $fault))
      )
    )
    (export $annals:es/notifiers@0.1.0 (;4;) "annals:es/notifiers@0.1.0" (instance $annals:es/notifiers@0.1.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;3;) (instantiate 0
      (with "wasi:http/outgoing-handler@0.2.4" (instance 0))
      (with "wasi:cli/environment@0.2.4" (instance 1))
      (with "annals:es/types@0.1.0" (instance 2))
    )
  )
  (component (;1;)
    (type $ty-annals:es/types@0.1.0 (;0;)
      (instance
        (type (;0;) (list u8))
        (type (;1;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 0)))
        (export (;2;) "command" (type (eq 1)))
        (type (;3;) (option string))
        (type (;4;) (record (field "now" u64) (field "seed" u64) (field "actor" 3)))
        (export (;5;) "context" (type (eq 4)))
        (type (;6;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
        (export (;7;) "event" (type (eq 6)))
        (type (;8;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
        (export (;9;) "new-event" (type (eq 8)))
        (type (;10;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
        (export (;11;) "precondition" (type (eq 10)))
        (type (;12;) (record (field "code" string) (field "message" string) (field "details" 3)))
        (export (;13;) "rejection" (type (eq 12)))
        (type (;14;) (record (field "message" string) (field "at" 3)))
        (export (;15;) "malformed" (type (eq 14)))
        (type (;16;) (record (field "message" string)))
        (export (;17;) "fault" (type (eq 16)))
        (type (;18;) (variant (case "malformed" 15) (case "rejected" 13) (case "failed" 17)))
        (export (;19;) "decide-error" (type (eq 18)))
        (type (;20;) (list 9))
        (type (;21;) (record (field "events" 20) (field "close" bool)))
        (export (;22;) "decision" (type (eq 21)))
        (type (;23;) (record (field "command-type" string) (field "precondition" 11) (field "schema" 3) (field "internal" bool)))
        (export (;24;) "command-spec" (type (eq 23)))
        (type (;25;) (record (field "event-type" string) (field "version" u32)))
        (export (;26;) "event-schema" (type (eq 25)))
        (type (;27;) (list 24))
        (type (;28;) (list string))
        (type (;29;) (list 26))
        (type (;30;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 27) (field "emits" 28) (field "folds" 28) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 29)))
        (export (;31;) "decider-descriptor" (type (eq 30)))
      )
    )
    (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;0;) (type $ty-annals:es/types@0.1.0)))
    (core module $main (;0;)
      (type (;0;) (func))
      (type (;1;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;2;) (func (result i32)))
      (type (;3;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (type (;4;) (func (param i32) (result i32)))
      (type (;5;) (func (param i32 i32 i32) (result i32)))
      (type (;6;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32) (result i32)))
      (memory (;0;) 2)
      (export "keep" (func 0))
      (export "memory" (memory 0))
      (export "cabi_realloc" (func 1))
      (export "annals:es/deciders@0.1.0#describe" (func 2))
      (export "annals:es/deciders@0.1.0#stream-id" (func 3))
      (export "annals:es/deciders@0.1.0#[constructor]session" (func 4))
      (export "annals:es/deciders@0.1.0#[static]session.restore" (func 5))
      (export "annals:es/deciders@0.1.0#[method]session.evolve" (func 6))
      (export "annals:es/deciders@0.1.0#[method]session.decide" (func 7))
      (export "annals:es/deciders@0.1.0#[method]session.snapshot" (func 8))
      (func (;0;) (type 0))
      (func (;1;) (type 1) (param i32 i32 i32 i32) (result i32)
        unreachable
      )
      (func (;2;) (type 2) (result i32)
        i32.const 196
      )
      (func (;3;) (type 3) (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        unreachable
      )
      (func (;4;) (type 4) (param i32) (result i32)
        unreachable
      )
      (func (;5;) (type 5) (param i32 i32 i32) (result i32)
        unreachable
      )
      (func (;6;) (type 5) (param i32 i32 i32) (result i32)
        unreachable
      )
      (func (;7;) (type 6) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32) (result i32)
        unreachable
      )
      (func (;8;) (type 4) (param i32) (result i32)
        unreachable
      )
      (data (;0;) (i32.const 16) "OpenAccount\00\00\00\00\00\10\00\00\00\0b\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\001.0.0accountAccountOpened\00\00\00T\00\00\00\0d\00\00\00AccountOpened\00\00\00l\00\00\00\0d\00\00\00H\00\00\00\00\00\00\00H\00\00\00\05\00\00\00M\00\00\00\07\00\00\00 \00\00\00\01\00\00\00d\00\00\00\01\00\00\00|\00\00\00\01\00\00\00\00\00\00\00\01\00\00\00H\00\00\00\00\00\00\00\84\00\00\00\01\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $annals:es/types@0.1.0 "command" (type $command (;1;)))
    (alias export $annals:es/types@0.1.0 "context" (type $context (;2;)))
    (alias export $annals:es/types@0.1.0 "event" (type $event (;3;)))
    (alias export $annals:es/types@0.1.0 "new-event" (type $new-event (;4;)))
    (alias export $annals:es/types@0.1.0 "precondition" (type $precondition (;5;)))
    (alias export $annals:es/types@0.1.0 "rejection" (type $rejection (;6;)))
    (alias export $annals:es/types@0.1.0 "malformed" (type $malformed (;7;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $fault (;8;)))
    (alias export $annals:es/types@0.1.0 "decide-error" (type $decide-error (;9;)))
    (alias export $annals:es/types@0.1.0 "decision" (type $decision (;10;)))
    (alias export $annals:es/types@0.1.0 "command-spec" (type $command-spec (;11;)))
    (alias export $annals:es/types@0.1.0 "decider-descriptor" (type $decider-descriptor (;12;)))
    (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;13;)))
    (type $session (;14;) (resource (rep i32)))
    (core instance $main (;0;) (instantiate $main))
    (alias core export $main "memory" (core memory $memory (;0;)))
    (type (;15;) (own $session))
    (type (;16;) (func (param "decider" u32) (result 15)))
    (alias core export $main "annals:es/deciders@0.1.0#[constructor]session" (core func $"annals:es/deciders@0.1.0#[constructor]session" (;0;)))
    (func $"[constructor]session" (;0;) (type 16) (canon lift (core func $"annals:es/deciders@0.1.0#[constructor]session")))
    (type (;17;) (list u8))
    (type (;18;) (result 15 (error $fault)))
    (type (;19;) (func (param "decider" u32) (param "state" 17) (result 18)))
    (alias core export $main "annals:es/deciders@0.1.0#[static]session.restore" (core func $"annals:es/deciders@0.1.0#[static]session.restore" (;1;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
    (func $"[static]session.restore" (;1;) (type 19) (canon lift (core func $"annals:es/deciders@0.1.0#[static]session.restore") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;20;) (borrow $session))
    (type (;21;) (list $event))
    (type (;22;) (result (error $fault)))
    (type (;23;) (func (param "self" 20) (param "events" 21) (result 22)))
    (alias core export $main "annals:es/deciders@0.1.0#[method]session.evolve" (core func $"annals:es/deciders@0.1.0#[method]session.evolve" (;3;)))
    (func $"[method]session.evolve" (;2;) (type 23) (canon lift (core func $"annals:es/deciders@0.1.0#[method]session.evolve") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;24;) (result $decision (error $decide-error)))
    (type (;25;) (func (param "self" 20) (param "c" $command) (param "ctx" $context) (result 24)))
    (alias core export $main "annals:es/deciders@0.1.0#[method]session.decide" (core func $"annals:es/deciders@0.1.0#[method]session.decide" (;4;)))
    (func $"[method]session.decide" (;3;) (type 25) (canon lift (core func $"annals:es/deciders@0.1.0#[method]session.decide") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;26;) (option 17))
    (type (;27;) (func (param "self" 20) (result 26)))
    (alias core export $main "annals:es/deciders@0.1.0#[method]session.snapshot" (core func $"annals:es/deciders@0.1.0#[method]session.snapshot" (;5;)))
    (func $"[method]session.snapshot" (;4;) (type 27) (canon lift (core func $"annals:es/deciders@0.1.0#[method]session.snapshot") (memory $memory)))
    (type (;28;) (list $decider-descriptor))
    (type (;29;) (func (result 28)))
    (alias core export $main "annals:es/deciders@0.1.0#describe" (core func $annals:es/deciders@0.1.0#describe (;6;)))
    (func $describe (;5;) (type 29) (canon lift (core func $annals:es/deciders@0.1.0#describe) (memory $memory) string-encoding=utf8))
    (type (;30;) (result string (error $decide-error)))
    (type (;31;) (func (param "decider" u32) (param "c" $command) (result 30)))
    (alias core export $main "annals:es/deciders@0.1.0#stream-id" (core func $annals:es/deciders@0.1.0#stream-id (;7;)))
    (func $stream-id (;6;) (type 31) (canon lift (core func $annals:es/deciders@0.1.0#stream-id) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (component $annals:es/deciders@0.1.0-shim-component (;0;)
      (type (;0;) (list u8))
      (type (;1;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 0)))
      (import "import-type-command" (type (;2;) (eq 1)))
      (type (;3;) (option string))
      (type (;4;) (record (field "now" u64) (field "seed" u64) (field "actor" 3)))
      (import "import-type-context" (type (;5;) (eq 4)))
      (type (;6;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
      (import "import-type-event" (type (;7;) (eq 6)))
      (type (;8;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
      (import "import-type-new-event" (type (;9;) (eq 8)))
      (type (;10;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
      (import "import-type-precondition" (type (;11;) (eq 10)))
      (type (;12;) (record (field "code" string) (field "message" string) (field "details" 3)))
      (import "import-type-rejection" (type (;13;) (eq 12)))
      (type (;14;) (record (field "message" string) (field "at" 3)))
      (import "import-type-malformed" (type (;15;) (eq 14)))
      (type (;16;) (record (field "message" string)))
      (import "import-type-fault" (type (;17;) (eq 16)))
      (type (;18;) (variant (case "malformed" 15) (case "rejected" 13) (case "failed" 17)))
      (import "import-type-decide-error" (type (;19;) (eq 18)))
      (type (;20;) (list 9))
      (type (;21;) (record (field "events" 20) (field "close" bool)))
      (import "import-type-decision" (type (;22;) (eq 21)))
      (type (;23;) (record (field "command-type" string) (field "precondition" 11) (field "schema" 3) (field "internal" bool)))
      (import "import-type-command-spec" (type (;24;) (eq 23)))
      (type (;25;) (record (field "event-type" string) (field "version" u32)))
      (import "import-type-event-schema" (type (;26;) (eq 25)))
      (type (;27;) (list 24))
      (type (;28;) (list string))
      (type (;29;) (list 26))
      (type (;30;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 27) (field "emits" 28) (field "folds" 28) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 29)))
      (import "import-type-decider-descriptor" (type (;31;) (eq 30)))
      (import "import-type-session" (type (;32;) (sub resource)))
      (type (;33;) (own 32))
      (type (;34;) (func (param "decider" u32) (result 33)))
      (import "import-constructor-session" (func (;0;) (type 34)))
      (import "import-type-fault0" (type (;35;) (eq 17)))
      (type (;36;) (result 33 (error 35)))
      (type (;37;) (func (param "decider" u32) (param "state" 0) (result 36)))
      (import "import-static-session-restore" (func (;1;) (type 37)))
      (type (;38;) (borrow 32))
      (import "import-type-event0" (type (;39;) (eq 7)))
      (type (;40;) (list 39))
      (type (;41;) (result (error 35)))
      (type (;42;) (func (param "self" 38) (param "events" 40) (result 41)))
      (import "import-method-session-evolve" (func (;2;) (type 42)))
      (import "import-type-command0" (type (;43;) (eq 2)))
      (import "import-type-context0" (type (;44;) (eq 5)))
      (import "import-type-decision0" (type (;45;) (eq 22)))
      (import "import-type-decide-error0" (type (;46;) (eq 19)))
      (type (;47;) (result 45 (error 46)))
      (type (;48;) (func (param "self" 38) (param "c" 43) (param "ctx" 44) (result 47)))
      (import "import-method-session-decide" (func (;3;) (type 48)))
      (type (;49;) (option 0))
      (type (;50;) (func (param "self" 38) (result 49)))
      (import "import-method-session-snapshot" (func (;4;) (type 50)))
      (import "import-type-decider-descriptor0" (type (;51;) (eq 31)))
      (type (;52;) (list 51))
      (type (;53;) (func (result 52)))
      (import "import-func-describe" (func (;5;) (type 53)))
      (type (;54;) (result string (error 46)))
      (type (;55;) (func (param "decider" u32) (param "c" 43) (result 54)))
      (import "import-func-stream-id" (func (;6;) (type 55)))
      (export (;56;) "command" (type 2))
      (export (;57;) "context" (type 5))
      (export (;58;) "event" (type 7))
      (export (;59;) "new-event" (type 9))
      (export (;60;) "precondition" (type 11))
      (export (;61;) "rejection" (type 13))
      (export (;62;) "malformed" (type 15))
      (export (;63;) "fault" (type 17))
      (export (;64;) "decide-error" (type 19))
      (export (;65;) "decision" (type 22))
      (export (;66;) "command-spec" (type 24))
      (export (;67;) "decider-descriptor" (type 31))
      (export (;68;) "event-schema" (type 26))
      (export (;69;) "session" (type 32))
      (type (;70;) (own 69))
      (type (;71;) (func (param "decider" u32) (result 70)))
      (export (;7;) "[constructor]session" (func 0) (func (type 71)))
      (type (;72;) (result 70 (error 63)))
      (type (;73;) (func (param "decider" u32) (param "state" 0) (result 72)))
      (export (;8;) "[static]session.restore" (func 1) (func (type 73)))
      (type (;74;) (borrow 69))
      (type (;75;) (list 58))
      (type (;76;) (result (error 63)))
      (type (;77;) (func (param "self" 74) (param "events" 75) (result 76)))
      (export (;9;) "[method]session.evolve" (func 2) (func (type 77)))
      (type (;78;) (result 65 (error 64)))
      (type (;79;) (func (param "self" 74) (param "c" 56) (param "ctx" 57) (result 78)))
      (export (;10;) "[method]session.decide" (func 3) (func (type 79)))
      (type (;80;) (option 0))
      (type (;81;) (func (param "self" 74) (result 80)))
      (export (;11;) "[method]session.snapshot" (func 4) (func (type 81)))
      (type (;82;) (list 67))
      (type (;83;) (func (result 82)))
      (export (;12;) "describe" (func 5) (func (type 83)))
      (type (;84;) (result string (error 64)))
      (type (;85;) (func (param "decider" u32) (param "c" 56) (result 84)))
      (export (;13;) "stream-id" (func 6) (func (type 85)))
    )
    (instance $annals:es/deciders@0.1.0-shim-instance (;1;) (instantiate $annals:es/deciders@0.1.0-shim-component
        (with "import-constructor-session" (func $"[constructor]session"))
        (with "import-static-session-restore" (func $"[static]session.restore"))
        (with "import-method-session-evolve" (func $"[method]session.evolve"))
        (with "import-method-session-decide" (func $"[method]session.decide"))
        (with "import-method-session-snapshot" (func $"[method]session.snapshot"))
        (with "import-func-describe" (func $describe))
        (with "import-func-stream-id" (func $stream-id))
        (with "import-type-command" (type $command))
        (with "import-type-context" (type $context))
        (with "import-type-event" (type $event))
        (with "import-type-new-event" (type $new-event))
        (with "import-type-precondition" (type $precondition))
        (with "import-type-rejection" (type $rejection))
        (with "import-type-malformed" (type $malformed))
        (with "import-type-fault" (type $fault))
        (with "import-type-decide-error" (type $decide-error))
        (with "import-type-decision" (type $decision))
        (with "import-type-command-spec" (type $command-spec))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-decider-descriptor" (type $decider-descriptor))
        (with "import-type-session" (type $session))
        (with "import-type-fault0" (type $fault))
        (with "import-type-event0" (type $event))
        (with "import-type-command0" (type $command))
        (with "import-type-context0" (type $context))
        (with "import-type-decision0" (type $decision))
        (with "import-type-decide-error0" (type $decide-error))
        (with "import-type-decider-descriptor0" (type $decider-descriptor))
      )
    )
    (export $annals:es/deciders@0.1.0 (;2;) "annals:es/deciders@0.1.0" (instance $annals:es/deciders@0.1.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;4;) (instantiate 1
      (with "annals:es/types@0.1.0" (instance 2))
    )
  )
  (component (;2;)
    (type $ty-annals:es/types@0.1.0 (;0;)
      (instance
        (type (;0;) (option string))
        (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
        (export (;2;) "metadata" (type (eq 1)))
        (type (;3;) (list u8))
        (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
        (export (;5;) "recorded-event" (type (eq 4)))
        (type (;6;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 3)))
        (export (;7;) "row" (type (eq 6)))
        (type (;8;) (record (field "view" string) (field "key" string)))
        (export (;9;) "row-key" (type (eq 8)))
        (type (;10;) (variant (case "put" 7) (case "delete" 9)))
        (export (;11;) "row-change" (type (eq 10)))
        (type (;12;) (record (field "message" string)))
        (export (;13;) "fault" (type (eq 12)))
        (type (;14;) (enum "origin" "now"))
        (export (;15;) "start-from" (type (eq 14)))
        (type (;16;) (record (field "event-type" string) (field "version" u32)))
        (export (;17;) "event-schema" (type (eq 16)))
        (type (;18;) (list string))
        (type (;19;) (list 17))
        (type (;20;) (record (field "name" string) (field "version" u32) (field "wants" 18) (field "emits" 18) (field "views" 18) (field "from" 15) (field "lanes" u32) (field "schemas" 19)))
        (export (;21;) "reaction-descriptor" (type (eq 20)))
        (type (;22;) (record (field "now" u64) (field "seed" u64) (field "actor" 0)))
        (export (;23;) "context" (type (eq 22)))
        (type (;24;) (record (field "code" string) (field "message" string) (field "details" 0)))
        (export (;25;) "rejection" (type (eq 24)))
        (type (;26;) (record (field "command-type" string) (field "content-type" string) (field "payload" 3)))
        (export (;27;) "outgoing-command" (type (eq 26)))
      )
    )
    (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;0;) (type $ty-annals:es/types@0.1.0)))
    (core module $main (;0;)
      (type (;0;) (func))
      (type (;1;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;2;) (func (result i32)))
      (type (;3;) (func (param i32) (result i32)))
      (memory (;0;) 2)
      (export "keep" (func 0))
      (export "memory" (memory 0))
      (export "cabi_realloc" (func 1))
      (export "annals:es/projectors@0.1.0#describe" (func 2))
      (export "annals:es/projectors@0.1.0#touches" (func 3))
      (export "annals:es/projectors@0.1.0#project" (func 4))
      (export "annals:es/process-managers@0.1.0#describe" (func 5))
      (export "annals:es/process-managers@0.1.0#interested" (func 6))
      (export "annals:es/process-managers@0.1.0#react" (func 7))
      (func (;0;) (type 0))
      (func (;1;) (type 1) (param i32 i32 i32 i32) (result i32)
        unreachable
      )
      (func (;2;) (type 2) (result i32)
        i32.const 132
      )
      (func (;3;) (type 3) (param i32) (result i32)
        unreachable
      )
      (func (;4;) (type 3) (param i32) (result i32)
        unreachable
      )
      (func (;5;) (type 2) (result i32)
        i32.const 240
      )
      (func (;6;) (type 3) (param i32) (result i32)
        unreachable
      )
      (func (;7;) (type 3) (param i32) (result i32)
        unreachable
      )
      (data (;0;) (i32.const 16) "balancesAccountOpened\00\00\00\18\00\00\00\0d\00\00\00balancesowners\00\000\00\00\00\08\00\00\008\00\00\00\06\00\00\00\10\00\00\00\08\00\00\00\01\00\00\00(\00\00\00\01\00\00\000\00\00\00\00\00\00\00@\00\00\00\02\00\00\00\00\00\00\00\01\00\00\00\10\00\00\00\00\00\00\00P\00\00\00\01\00\00\00welcomeAccountOpened\93\00\00\00\0d\00\00\00OpenAccount\00\a8\00\00\00\0b\00\00\00\8c\00\00\00\07\00\00\00\01\00\00\00\a0\00\00\00\01\00\00\00\b4\00\00\00\01\00\00\00\bc\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\8c\00\00\00\00\00\00\00\bc\00\00\00\01\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $recorded-event (;1;)))
    (alias export $annals:es/types@0.1.0 "metadata" (type $metadata (;2;)))
    (alias export $annals:es/types@0.1.0 "row" (type $row (;3;)))
    (alias export $annals:es/types@0.1.0 "row-key" (type $row-key (;4;)))
    (alias export $annals:es/types@0.1.0 "row-change" (type $row-change (;5;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $fault (;6;)))
    (alias export $annals:es/types@0.1.0 "start-from" (type $start-from (;7;)))
    (alias export $annals:es/types@0.1.0 "reaction-descriptor" (type $reaction-descriptor (;8;)))
    (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;9;)))
    (alias export $annals:es/types@0.1.0 "context" (type $context (;10;)))
    (alias export $annals:es/types@0.1.0 "rejection" (type $rejection (;11;)))
    (alias export $annals:es/types@0.1.0 "outgoing-command" (type $outgoing-command (;12;)))
    (type (;13;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
    (type (;14;) (record (field "command" $outgoing-command) (field "reason" $rejection) (field "cause" $recorded-event)))
    (type (;15;) (variant (case "event" $recorded-event) (case "refused" 14)))
    (type (;16;) (list u8))
    (type (;17;) (list $outgoing-command))
    (type (;18;) (list string))
    (type (;19;) (record (field "state" 16) (field "commands" 17) (field "notes" 18) (field "stop" bool)))
    (core instance $main (;0;) (instantiate $main))
    (alias core export $main "memory" (core memory $memory (;0;)))
    (type (;20;) (list $reaction-descriptor))
    (type (;21;) (func (result 20)))
    (alias core export $main "annals:es/projectors@0.1.0#describe" (core func $annals:es/projectors@0.1.0#describe (;0;)))
    (func $describe (;0;) (type 21) (canon lift (core func $annals:es/projectors@0.1.0#describe) (memory $memory) string-encoding=utf8))
    (type (;22;) (list $row-key))
    (type (;23;) (result 22 (error $fault)))
    (type (;24;) (func (param "projector" u32) (param "e" $recorded-event) (result 23)))
    (alias core export $main "annals:es/projectors@0.1.0#touches" (core func $annals:es/projectors@0.1.0#touches (;1;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
    (func $touches (;1;) (type 24) (canon lift (core func $annals:es/projectors@0.1.0#touches) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;25;) (list $row))
    (type (;26;) (list $row-change))
    (type (;27;) (result 26 (error $fault)))
    (type (;28;) (func (param "projector" u32) (param "e" $recorded-event) (param "rows" 25) (result 27)))
    (alias core export $main "annals:es/projectors@0.1.0#project" (core func $annals:es/projectors@0.1.0#project (;3;)))
    (func $project (;2;) (type 28) (canon lift (core func $annals:es/projectors@0.1.0#project) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (component $annals:es/projectors@0.1.0-shim-component (;0;)
      (type (;0;) (option string))
      (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
      (import "import-type-metadata" (type (;2;) (eq 1)))
      (type (;3;) (list u8))
      (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
      (import "import-type-recorded-event" (type (;5;) (eq 4)))
      (type (;6;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 3)))
      (import "import-type-row" (type (;7;) (eq 6)))
      (type (;8;) (record (field "view" string) (field "key" string)))
      (import "import-type-row-key" (type (;9;) (eq 8)))
      (type (;10;) (variant (case "put" 7) (case "delete" 9)))
      (import "import-type-row-change" (type (;11;) (eq 10)))
      (type (;12;) (record (field "message" string)))
      (import "import-type-fault" (type (;13;) (eq 12)))
      (type (;14;) (enum "origin" "now"))
      (import "import-type-start-from" (type (;15;) (eq 14)))
      (type (;16;) (record (field "event-type" string) (field "version" u32)))
      (import "import-type-event-schema" (type (;17;) (eq 16)))
      (type (;18;) (list string))
      (type (;19;) (list 17))
      (type (;20;) (record (field "name" string) (field "version" u32) (field "wants" 18) (field "emits" 18) (field "views" 18) (field "from" 15) (field "lanes" u32) (field "schemas" 19)))
      (import "import-type-reaction-descriptor" (type (;21;) (eq 20)))
      (import "import-type-reaction-descriptor0" (type (;22;) (eq 21)))
      (type (;23;) (list 22))
      (type (;24;) (func (result 23)))
      (import "import-func-describe" (func (;0;) (type 24)))
      (import "import-type-recorded-event0" (type (;25;) (eq 5)))
      (import "import-type-row-key0" (type (;26;) (eq 9)))
      (type (;27;) (list 26))
      (import "import-type-fault0" (type (;28;) (eq 13)))
      (type (;29;) (result 27 (error 28)))
      (type (;30;) (func (param "projector" u32) (param "e" 25) (result 29)))
      (import "import-func-touches" (func (;1;) (type 30)))
      (import "import-type-row0" (type (;31;) (eq 7)))
      (type (;32;) (list 31))
      (import "import-type-row-change0" (type (;33;) (eq 11)))
      (type (;34;) (list 33))
      (type (;35;) (result 34 (error 28)))
      (type (;36;) (func (param "projector" u32) (param "e" 25) (param "rows" 32) (result 35)))
      (import "import-func-project" (func (;2;) (type 36)))
      (export (;37;) "recorded-event" (type 5))
      (export (;38;) "metadata" (type 2))
      (export (;39;) "row" (type 7))
      (export (;40;) "row-key" (type 9))
      (export (;41;) "row-change" (type 11))
      (export (;42;) "fault" (type 13))
      (export (;43;) "start-from" (type 15))
      (export (;44;) "reaction-descriptor" (type 21))
      (export (;45;) "event-schema" (type 17))
      (type (;46;) (list 44))
      (type (;47;) (func (result 46)))
      (export (;3;) "describe" (func 0) (func (type 47)))
      (type (;48;) (list 40))
      (type (;49;) (result 48 (error 42)))
      (type (;50;) (func (param "projector" u32) (param "e" 37) (result 49)))
      (export (;4;) "touches" (func 1) (func (type 50)))
      (type (;51;) (list 39))
      (type (;52;) (list 41))
      (type (;53;) (result 52 (error 42)))
      (type (;54;) (func (param "projector" u32) (param "e" 37) (param "rows" 51) (result 53)))
      (export (;5;) "project" (func 2) (func (type 54)))
    )
    (instance $annals:es/projectors@0.1.0-shim-instance (;1;) (instantiate $annals:es/projectors@0.1.0-shim-component
        (with "import-func-describe" (func $describe))
        (with "import-func-touches" (func $touches))
        (with "import-func-project" (func $project))
        (with "import-type-metadata" (type $metadata))
        (with "import-type-recorded-event" (type $recorded-event))
        (with "import-type-row" (type $row))
        (with "import-type-row-key" (type $row-key))
        (with "import-type-row-change" (type $row-change))
        (with "import-type-fault" (type $fault))
        (with "import-type-start-from" (type $start-from))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-reaction-descriptor" (type $reaction-descriptor))
        (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
        (with "import-type-recorded-event0" (type $recorded-event))
        (with "import-type-row-key0" (type $row-key))
        (with "import-type-fault0" (type $fault))
        (with "import-type-row0" (type $row))
        (with "import-type-row-change0" (type $row-change))
      )
    )
    (export $annals:es/projectors@0.1.0 (;2;) "annals:es/projectors@0.1.0" (instance $annals:es/projectors@0.1.0-shim-instance))
    (type (;29;) (list $reaction-descriptor))
    (type (;30;) (func (result 29)))
    (alias core export $main "annals:es/process-managers@0.1.0#describe" (core func $annals:es/process-managers@0.1.0#describe (;4;)))
    (func $"#func3 describe" (@name "describe") (;3;) (type 30) (canon lift (core func $annals:es/process-managers@0.1.0#describe) (memory $memory) string-encoding=utf8))
    (type (;31;) (list 13))
    (type (;32;) (result 31 (error $fault)))
    (type (;33;) (func (param "manager" u32) (param "e" $recorded-event) (result 32)))
    (alias core export $main "annals:es/process-managers@0.1.0#interested" (core func $annals:es/process-managers@0.1.0#interested (;5;)))
    (func $interested (;4;) (type 33) (canon lift (core func $annals:es/process-managers@0.1.0#interested) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;34;) (option 16))
    (type (;35;) (result 19 (error $fault)))
    (type (;36;) (func (param "manager" u32) (param "process" string) (param "state" 34) (param "what" 15) (param "ctx" $context) (result 35)))
    (alias core export $main "annals:es/process-managers@0.1.0#react" (core func $annals:es/process-managers@0.1.0#react (;6;)))
    (func $react (;5;) (type 36) (canon lift (core func $annals:es/process-managers@0.1.0#react) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (component $annals:es/process-managers@0.1.0-shim-component (;1;)
      (type (;0;) (option string))
      (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
      (import "import-type-metadata" (type (;2;) (eq 1)))
      (type (;3;) (list u8))
      (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
      (import "import-type-recorded-event" (type (;5;) (eq 4)))
      (type (;6;) (record (field "now" u64) (field "seed" u64) (field "actor" 0)))
      (import "import-type-context" (type (;7;) (eq 6)))
      (type (;8;) (record (field "code" string) (field "message" string) (field "details" 0)))
      (import "import-type-rejection" (type (;9;) (eq 8)))
      (type (;10;) (record (field "command-type" string) (field "content-type" string) (field "payload" 3)))
      (import "import-type-outgoing-command" (type (;11;) (eq 10)))
      (type (;12;) (record (field "message" string)))
      (import "import-type-fault" (type (;13;) (eq 12)))
      (type (;14;) (enum "origin" "now"))
      (import "import-type-start-from" (type (;15;) (eq 14)))
      (type (;16;) (record (field "event-type" string) (field "version" u32)))
      (import "import-type-event-schema" (type (;17;) (eq 16)))
      (type (;18;) (list string))
      (type (;19;) (list 17))
      (type (;20;) (record (field "name" string) (field "version" u32) (field "wants" 18) (field "emits" 18) (field "views" 18) (field "from" 15) (field "lanes" u32) (field "schemas" 19)))
      (import "import-type-reaction-descriptor" (type (;21;) (eq 20)))
      (import "import-type-reaction-descriptor0" (type (;22;) (eq 21)))
      (type (;23;) (list 22))
      (type (;24;) (func (result 23)))
      (import "import-func-describe" (func (;0;) (type 24)))
      (import "import-type-recorded-event0" (type (;25;) (eq 5)))
      (type (;26;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
      (import "import-type-interest" (type (;27;) (eq 26)))
      (type (;28;) (list 27))
      (import "import-type-fault0" (type (;29;) (eq 13)))
      (type (;30;) (result 28 (error 29)))
      (type (;31;) (func (param "manager" u32) (param "e" 25) (result 30)))
      (import "import-func-interested" (func (;1;) (type 31)))
      (type (;32;) (option 3))
      (import "import-type-outgoing-command0" (type (;33;) (eq 11)))
      (import "import-type-rejection0" (type (;34;) (eq 9)))
      (type (;35;) (record (field "command" 33) (field "reason" 34) (field "cause" 25)))
      (import "import-type-refusal" (type (;36;) (eq 35)))
      (type (;37;) (variant (case "event" 25) (case "refused" 36)))
      (import "import-type-input" (type (;38;) (eq 37)))
      (import "import-type-context0" (type (;39;) (eq 7)))
      (type (;40;) (list 33))
      (type (;41;) (record (field "state" 3) (field "commands" 40) (field "notes" 18) (field "stop" bool)))
      (import "import-type-reaction" (type (;42;) (eq 41)))
      (type (;43;) (result 42 (error 29)))
      (type (;44;) (func (param "manager" u32) (param "process" string) (param "state" 32) (param "what" 38) (param "ctx" 39) (result 43)))
      (import "import-func-react" (func (;2;) (type 44)))
      (export (;45;) "recorded-event" (type 5))
      (export (;46;) "metadata" (type 2))
      (export (;47;) "context" (type 7))
      (export (;48;) "rejection" (type 9))
      (export (;49;) "outgoing-command" (type 11))
      (export (;50;) "fault" (type 13))
      (export (;51;) "start-from" (type 15))
      (export (;52;) "reaction-descriptor" (type 21))
      (export (;53;) "event-schema" (type 17))
      (type (;54;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
      (export (;55;) "interest" (type 54))
      (type (;56;) (record (field "command" 49) (field "reason" 48) (field "cause" 45)))
      (export (;57;) "refusal" (type 56))
      (type (;58;) (variant (case "event" 45) (case "refused" 57)))
      (export (;59;) "input" (type 58))
      (type (;60;) (list 49))
      (type (;61;) (record (field "state" 3) (field "commands" 60) (field "notes" 18) (field "stop" bool)))
      (export (;62;) "reaction" (type 61))
      (type (;63;) (list 52))
      (type (;64;) (func (result 63)))
      (export (;3;) "describe" (func 0) (func (type 64)))
      (type (;65;) (list 55))
      (type (;66;) (result 65 (error 50)))
      (type (;67;) (func (param "manager" u32) (param "e" 45) (result 66)))
      (export (;4;) "interested" (func 1) (func (type 67)))
      (type (;68;) (option 3))
      (type (;69;) (result 62 (error 50)))
      (type (;70;) (func (param "manager" u32) (param "process" string) (param "state" 68) (param "what" 59) (param "ctx" 47) (result 69)))
      (export (;5;) "react" (func 2) (func (type 70)))
    )
    (instance $annals:es/process-managers@0.1.0-shim-instance (;3;) (instantiate $annals:es/process-managers@0.1.0-shim-component
        (with "import-func-describe" (func $"#func3 describe"))
        (with "import-func-interested" (func $interested))
        (with "import-func-react" (func $react))
        (with "import-type-metadata" (type $metadata))
        (with "import-type-recorded-event" (type $recorded-event))
        (with "import-type-context" (type $context))
        (with "import-type-rejection" (type $rejection))
        (with "import-type-outgoing-command" (type $outgoing-command))
        (with "import-type-fault" (type $fault))
        (with "import-type-start-from" (type $start-from))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-reaction-descriptor" (type $reaction-descriptor))
        (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
        (with "import-type-recorded-event0" (type $recorded-event))
        (with "import-type-interest" (type 13))
        (with "import-type-fault0" (type $fault))
        (with "import-type-outgoing-command0" (type $outgoing-command))
        (with "import-type-rejection0" (type $rejection))
        (with "import-type-refusal" (type 14))
        (with "import-type-input" (type 15))
        (with "import-type-context0" (type $context))
        (with "import-type-reaction" (type 19))
      )
    )
    (export $annals:es/process-managers@0.1.0 (;4;) "annals:es/process-managers@0.1.0" (instance $annals:es/process-managers@0.1.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;5;) (instantiate 2
      (with "annals:es/types@0.1.0" (instance 2))
    )
  )
  (alias export 4 "annals:es/deciders@0.1.0" (instance (;6;)))
  (component (;3;)
    (type $ty-annals:es/types@0.1.0 (;0;)
      (instance
        (type (;0;) (list u8))
        (type (;1;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 0)))
        (export (;2;) "command" (type (eq 1)))
        (type (;3;) (option string))
        (type (;4;) (record (field "message" string) (field "at" 3)))
        (export (;5;) "malformed" (type (eq 4)))
        (type (;6;) (record (field "code" string) (field "message" string) (field "details" 3)))
        (export (;7;) "rejection" (type (eq 6)))
        (type (;8;) (record (field "message" string)))
        (export (;9;) "fault" (type (eq 8)))
        (type (;10;) (variant (case "malformed" 5) (case "rejected" 7) (case "failed" 9)))
        (export (;11;) "decide-error" (type (eq 10)))
        (type (;12;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
        (export (;13;) "event" (type (eq 12)))
        (type (;14;) (record (field "now" u64) (field "seed" u64) (field "actor" 3)))
        (export (;15;) "context" (type (eq 14)))
        (type (;16;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
        (export (;17;) "new-event" (type (eq 16)))
        (type (;18;) (list 17))
        (type (;19;) (record (field "events" 18) (field "close" bool)))
        (export (;20;) "decision" (type (eq 19)))
        (type (;21;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
        (export (;22;) "precondition" (type (eq 21)))
        (type (;23;) (record (field "command-type" string) (field "precondition" 22) (field "schema" 3) (field "internal" bool)))
        (export (;24;) "command-spec" (type (eq 23)))
        (type (;25;) (record (field "event-type" string) (field "version" u32)))
        (export (;26;) "event-schema" (type (eq 25)))
        (type (;27;) (list 24))
        (type (;28;) (list string))
        (type (;29;) (list 26))
        (type (;30;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 27) (field "emits" 28) (field "folds" 28) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 29)))
        (export (;31;) "decider-descriptor" (type (eq 30)))
      )
    )
    (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;0;) (type $ty-annals:es/types@0.1.0)))
    (alias export $annals:es/types@0.1.0 "command" (type $command (;1;)))
    (alias export $annals:es/types@0.1.0 "decide-error" (type $decide-error (;2;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $fault (;3;)))
    (alias export $annals:es/types@0.1.0 "event" (type $event (;4;)))
    (alias export $annals:es/types@0.1.0 "context" (type $context (;5;)))
    (alias export $annals:es/types@0.1.0 "decision" (type $decision (;6;)))
    (type $ty-h0 (;7;)
      (instance
        (alias outer 1 $command (type (;0;)))
        (export (;1;) "command" (type (eq 0)))
        (alias outer 1 $decide-error (type (;2;)))
        (export (;3;) "decide-error" (type (eq 2)))
        (export (;4;) "session" (type (sub resource)))
        (alias outer 1 $fault (type (;5;)))
        (export (;6;) "fault" (type (eq 5)))
        (alias outer 1 $event (type (;7;)))
        (export (;8;) "event" (type (eq 7)))
        (alias outer 1 $context (type (;9;)))
        (export (;10;) "context" (type (eq 9)))
        (alias outer 1 $decision (type (;11;)))
        (export (;12;) "decision" (type (eq 11)))
        (type (;13;) (own 4))
        (type (;14;) (func (param "decider" u32) (result 13)))
        (export (;0;) "[constructor]session" (func (type 14)))
        (type (;15;) (list u8))
        (type (;16;) (result 13 (error 6)))
        (type (;17;) (func (param "decider" u32) (param "state" 15) (result 16)))
        (export (;1;) "[static]session.restore" (func (type 17)))
        (type (;18;) (borrow 4))
        (type (;19;) (list 8))
        (type (;20;) (result (error 6)))
        (type (;21;) (func (param "self" 18) (param "events" 19) (result 20)))
        (export (;2;) "[method]session.evolve" (func (type 21)))
        (type (;22;) (result 12 (error 3)))
        (type (;23;) (func (param "self" 18) (param "c" 1) (param "ctx" 10) (result 22)))
        (export (;3;) "[method]session.decide" (func (type 23)))
        (type (;24;) (option 15))
        (type (;25;) (func (param "self" 18) (result 24)))
        (export (;4;) "[method]session.snapshot" (func (type 25)))
        (type (;26;) (result string (error 3)))
        (type (;27;) (func (param "decider" u32) (param "c" 1) (result 26)))
        (export (;5;) "stream-id" (func (type 27)))
      )
    )
    (import "h0" (instance $h0 (;1;) (type $ty-h0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;1;) (func (param i32) (result i32)))
      (type (;2;) (func (param i32 i32 i32 i32)))
      (type (;3;) (func (param i32 i32 i32 i32)))
      (type (;4;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)))
      (type (;5;) (func (param i32 i32)))
      (type (;6;) (func (param i32)))
      (type (;7;) (func (param i32) (result i32)))
      (type (;8;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;9;) (func (param i32) (result i32)))
      (type (;10;) (func (param i32 i32 i32 i32)))
      (type (;11;) (func (param i32 i32 i32 i32)))
      (type (;12;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)))
      (type (;13;) (func (param i32 i32)))
      (type (;14;) (func (param i32)))
      (type (;15;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;16;) (func (param i32)))
      (type (;17;) (func (result i32)))
      (type (;18;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (type (;19;) (func (param i32) (result i32)))
      (type (;20;) (func (param i32 i32 i32) (result i32)))
      (type (;21;) (func (param i32 i32 i32) (result i32)))
      (type (;22;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32) (result i32)))
      (type (;23;) (func (param i32) (result i32)))
      (type (;24;) (func (param i32)))
      (import "h0" "stream-id" (func (;0;) (type 0) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (import "h0" "[constructor]session" (func (;1;) (type 1) (param i32) (result i32)))
      (import "h0" "[static]session.restore" (func (;2;) (type 2) (param i32 i32 i32 i32)))
      (import "h0" "[method]session.evolve" (func (;3;) (type 3) (param i32 i32 i32 i32)))
      (import "h0" "[method]session.decide" (func (;4;) (type 4) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)))
      (import "h0" "[method]session.snapshot" (func (;5;) (type 5) (param i32 i32)))
      (import "h0" "[resource-drop]session" (func (;6;) (type 6) (param i32)))
      (import "[export]annals:es/deciders@0.1.0" "[resource-new]session" (func (;7;) (type 7) (param i32) (result i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 272)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/deciders@0.1.0#describe" (func $describe))
      (export "cabi_post_annals:es/deciders@0.1.0#describe" (func $reset))
      (export "annals:es/deciders@0.1.0#stream-id" (func $stream-id))
      (export "cabi_post_annals:es/deciders@0.1.0#stream-id" (func $reset))
      (export "annals:es/deciders@0.1.0#[constructor]session" (func $"[constructor]session"))
      (export "annals:es/deciders@0.1.0#[static]session.restore" (func $"[static]session.restore"))
      (export "cabi_post_annals:es/deciders@0.1.0#[static]session.restore" (func $reset))
      (export "annals:es/deciders@0.1.0#[method]session.evolve" (func $"[method]session.evolve"))
      (export "cabi_post_annals:es/deciders@0.1.0#[method]session.evolve" (func $reset))
      (export "annals:es/deciders@0.1.0#[method]session.decide" (func $"[method]session.decide"))
      (export "cabi_post_annals:es/deciders@0.1.0#[method]session.decide" (func $reset))
      (export "annals:es/deciders@0.1.0#[method]session.snapshot" (func $"[method]session.snapshot"))
      (export "cabi_post_annals:es/deciders@0.1.0#[method]session.snapshot" (func $reset))
      (export "annals:es/deciders@0.1.0#[dtor]session" (func $"[dtor]session"))
      (export "memory" (memory 0))
      (func $handler:open-account (;8;) (type 8) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        local.get 4
        local.get 5
        local.get 6
        local.get 7
        local.get 8
        local.get 9
        call 0
      )
      (func $"#func9 handler:open-account" (@name "handler:open-account") (;9;) (type 9) (param i32) (result i32)
        local.get 0
        call 1
      )
      (func $"#func10 handler:open-account" (@name "handler:open-account") (;10;) (type 10) (param i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        call 2
      )
      (func $"#func11 handler:open-account" (@name "handler:open-account") (;11;) (type 11) (param i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        call 3
      )
      (func $"#func12 handler:open-account" (@name "handler:open-account") (;12;) (type 12) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        local.get 4
        local.get 5
        local.get 6
        local.get 7
        local.get 8
        local.get 9
        local.get 10
        local.get 11
        local.get 12
        local.get 13
        local.get 14
        call 4
      )
      (func $"#func13 handler:open-account" (@name "handler:open-account") (;13;) (type 13) (param i32 i32)
        local.get 0
        local.get 1
        call 5
      )
      (func $"#func14 handler:open-account" (@name "handler:open-account") (;14;) (type 14) (param i32)
        local.get 0
        call 6
      )
      (func $cabi_realloc (;15;) (type 15) (param i32 i32 i32 i32) (result i32)
        (local i32)
        global.get 0
        local.get 2
        i32.add
        i32.const 1
        i32.sub
        i32.const 0
        local.get 2
        i32.sub
        i32.and
        local.tee 4
        local.get 3
        i32.add
        global.set 0
        global.get 0
        local.get 4
        i32.lt_u
        if ;; label = @1
          unreachable
        end
        global.get 0
        memory.size
        i32.const 16
        i32.shl
        i32.gt_u
        if ;; label = @1
          global.get 0
          memory.size
          i32.const 16
          i32.shl
          i32.sub
          i32.const 65535
          i32.add
          i32.const 16
          i32.shr_u
          memory.grow
          i32.const -1
          i32.eq
          if ;; label = @2
            unreachable
          end
        end
        local.get 1
        if ;; label = @1
          local.get 4
          local.get 0
          local.get 1
          local.get 3
          local.get 1
          local.get 3
          i32.lt_u
          select
          memory.copy
        end
        local.get 4
      )
      (func $reset (;16;) (type 16) (param i32)
        i32.const 272
        global.set 0
      )
      (func $describe (;17;) (type 17) (result i32)
        i32.const 208
      )
      (func $stream-id (;18;) (type 18) (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (local i32 i32)
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 0
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 9
          local.get 0
          i32.const 0
          i32.sub
          local.set 0
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 9
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        local.get 4
        local.get 5
        local.get 6
        local.get 7
        local.get 8
        i32.const 224
        call $handler:open-account
        i32.const 224
        return
        unreachable
      )
      (func $"[constructor]session" (;19;) (type 19) (param i32) (result i32)
        (local i32 i32)
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 0
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 1
          local.get 0
          i32.const 0
          i32.sub
          local.set 0
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        call $"#func9 handler:open-account"
        i32.const 7
        i32.shl
        i32.const 0
        i32.or
        call 7
        return
        unreachable
      )
      (func $"[static]session.restore" (;20;) (type 20) (param i32 i32 i32) (result i32)
        (local i32 i32)
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 0
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 3
          local.get 0
          i32.const 0
          i32.sub
          local.set 0
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 3
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        local.get 1
        local.get 2
        i32.const 224
        call $"#func10 handler:open-account"
        i32.const 224
        i32.load8_u
        i32.eqz
        if ;; label = @1
          i32.const 224
          i32.load offset=4 align=1
          i32.const 7
          i32.shl
          i32.const 0
          i32.or
          call 7
          local.set 4
          i32.const 224
          local.get 4
          i32.store offset=4 align=1
        end
        i32.const 224
        return
        unreachable
      )
      (func $"[method]session.evolve" (;21;) (type 21) (param i32 i32 i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.const 127
        i32.and
        local.set 3
        local.get 0
        i32.const 7
        i32.shr_u
        local.set 0
        block ;; label = @1
          block ;; label = @2
            local.get 3
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        local.get 1
        local.get 2
        i32.const 224
        call $"#func11 handler:open-account"
        i32.const 224
        return
        unreachable
      )
      (func $"[method]session.decide" (;22;) (type 22) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.const 127
        i32.and
        local.set 14
        local.get 0
        i32.const 7
        i32.shr_u
        local.set 0
        block ;; label = @1
          block ;; label = @2
            local.get 14
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        local.get 4
        local.get 5
        local.get 6
        local.get 7
        local.get 8
        local.get 9
        local.get 10
        local.get 11
        local.get 12
        local.get 13
        i32.const 224
        call $"#func12 handler:open-account"
        i32.const 224
        return
        unreachable
      )
      (func $"[method]session.snapshot" (;23;) (type 23) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.const 127
        i32.and
        local.set 1
        local.get 0
        i32.const 7
        i32.shr_u
        local.set 0
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        i32.const 224
        call $"#func13 handler:open-account"
        i32.const 224
        return
        unreachable
      )
      (func $"[dtor]session" (;24;) (type 24) (param i32)
        (local i32 i32)
        local.get 0
        i32.const 127
        i32.and
        local.set 1
        local.get 0
        i32.const 7
        i32.shr_u
        local.set 0
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        call $"#func14 handler:open-account"
        return
        unreachable
      )
      (data (;0;) (i32.const 16) "OpenAccount\00\00\00\00\00\10\00\00\00\0b\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00open-account1.0.0accountAccountOpened\00\00\00`\00\00\00\0d\00\00\00AccountOpened\00\00\00x\00\00\00\0d\00\00\00H\00\00\00\0c\00\00\00T\00\00\00\05\00\00\00Y\00\00\00\07\00\00\00 \00\00\00\01\00\00\00p\00\00\00\01\00\00\00\88\00\00\00\01\00\00\00\00\00\00\00\01\00\00\00H\00\00\00\00\00\00\00\90\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core module $wit-component-shim-module (;1;)
      (type (;0;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;1;) (func (param i32 i32 i32 i32)))
      (type (;2;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)))
      (type (;3;) (func (param i32 i32)))
      (type (;4;) (func (param i32)))
      (table (;0;) 6 6 funcref)
      (export "0" (func 0))
      (export "1" (func 1))
      (export "2" (func 2))
      (export "3" (func 3))
      (export "4" (func 4))
      (export "5" (func 5))
      (export "$imports" (table 0))
      (func (;0;) (type 0) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        local.get 4
        local.get 5
        local.get 6
        local.get 7
        local.get 8
        local.get 9
        i32.const 0
        call_indirect (type 0)
      )
      (func (;1;) (type 1) (param i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        i32.const 1
        call_indirect (type 1)
      )
      (func (;2;) (type 1) (param i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        i32.const 2
        call_indirect (type 1)
      )
      (func (;3;) (type 2) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)
        local.get 0
        local.get 1
        local.get 2
        local.get 3
        local.get 4
        local.get 5
        local.get 6
        local.get 7
        local.get 8
        local.get 9
        local.get 10
        local.get 11
        local.get 12
        local.get 13
        local.get 14
        i32.const 3
        call_indirect (type 2)
      )
      (func (;4;) (type 3) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 4
        call_indirect (type 3)
      )
      (func (;5;) (type 4) (param i32)
        local.get 0
        i32.const 5
        call_indirect (type 4)
      )
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core instance $wit-component-shim-instance (;0;) (instantiate $wit-component-shim-module))
    (alias export $annals:es/types@0.1.0 "command" (type $"#type8 command" (@name "command") (;8;)))
    (alias export $annals:es/types@0.1.0 "context" (type $"#type9 context" (@name "context") (;9;)))
    (alias export $annals:es/types@0.1.0 "event" (type $"#type10 event" (@name "event") (;10;)))
    (alias export $annals:es/types@0.1.0 "new-event" (type $new-event (;11;)))
    (alias export $annals:es/types@0.1.0 "precondition" (type $precondition (;12;)))
    (alias export $annals:es/types@0.1.0 "rejection" (type $rejection (;13;)))
    (alias export $annals:es/types@0.1.0 "malformed" (type $malformed (;14;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $"#type15 fault" (@name "fault") (;15;)))
    (alias export $annals:es/types@0.1.0 "decide-error" (type $"#type16 decide-error" (@name "decide-error") (;16;)))
    (alias export $annals:es/types@0.1.0 "decision" (type $"#type17 decision" (@name "decision") (;17;)))
    (alias export $annals:es/types@0.1.0 "command-spec" (type $command-spec (;18;)))
    (alias export $annals:es/types@0.1.0 "decider-descriptor" (type $decider-descriptor (;19;)))
    (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;20;)))
    (alias core export $wit-component-shim-instance "5" (core func $dtor-session (;0;)))
    (type $session (;21;) (resource (rep i32) (dtor $dtor-session)))
    (alias core export $wit-component-shim-instance "0" (core func $indirect-h0-stream-id (;1;)))
    (alias export $h0 "[constructor]session" (func $"[constructor]session" (;0;)))
    (core func $"[constructor]session" (;2;) (canon lower (func $"[constructor]session")))
    (alias core export $wit-component-shim-instance "1" (core func $"indirect-h0-[static]session.restore" (;3;)))
    (alias core export $wit-component-shim-instance "2" (core func $"indirect-h0-[method]session.evolve" (;4;)))
    (alias core export $wit-component-shim-instance "3" (core func $"indirect-h0-[method]session.decide" (;5;)))
    (alias core export $wit-component-shim-instance "4" (core func $"indirect-h0-[method]session.snapshot" (;6;)))
    (alias export $h0 "session" (type $"#type22 session" (@name "session") (;22;)))
    (core func $resource.drop (;7;) (canon resource.drop $"#type22 session"))
    (core instance $h0 (;1;)
      (export "stream-id" (func $indirect-h0-stream-id))
      (export "[constructor]session" (func $"[constructor]session"))
      (export "[static]session.restore" (func $"indirect-h0-[static]session.restore"))
      (export "[method]session.evolve" (func $"indirect-h0-[method]session.evolve"))
      (export "[method]session.decide" (func $"indirect-h0-[method]session.decide"))
      (export "[method]session.snapshot" (func $"indirect-h0-[method]session.snapshot"))
      (export "[resource-drop]session" (func $resource.drop))
    )
    (core func $resource.new (;8;) (canon resource.new $session))
    (core instance $"[export]annals:es/deciders@0.1.0" (;2;)
      (export "[resource-new]session" (func $resource.new))
    )
    (core instance $main (;3;) (instantiate $main
        (with "h0" (instance $h0))
        (with "[export]annals:es/deciders@0.1.0" (instance $"[export]annals:es/deciders@0.1.0"))
      )
    )
    (alias core export $main "memory" (core memory $memory (;0;)))
    (core module $wit-component-fixup (;2;)
      (type (;0;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;1;) (func (param i32 i32 i32 i32)))
      (type (;2;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)))
      (type (;3;) (func (param i32 i32)))
      (type (;4;) (func (param i32)))
      (import "actual" "0" (func (;0;) (type 0) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (import "actual" "1" (func (;1;) (type 1) (param i32 i32 i32 i32)))
      (import "actual" "2" (func (;2;) (type 1) (param i32 i32 i32 i32)))
      (import "actual" "3" (func (;3;) (type 2) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32 i32 i32)))
      (import "actual" "4" (func (;4;) (type 3) (param i32 i32)))
      (import "actual" "5" (func (;5;) (type 4) (param i32)))
      (import "shim" "$imports" (table (;0;) 6 6 funcref))
      (elem (;0;) (i32.const 0) func 0 1 2 3 4 5)
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $h0 "stream-id" (func $stream-id (;1;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;9;)))
    (core func $"#core-func10 indirect-h0-stream-id" (@name "indirect-h0-stream-id") (;10;) (canon lower (func $stream-id) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (alias export $h0 "[static]session.restore" (func $"[static]session.restore" (;2;)))
    (core func $"#core-func11 indirect-h0-[static]session.restore" (@name "indirect-h0-[static]session.restore") (;11;) (canon lower (func $"[static]session.restore") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (alias export $h0 "[method]session.evolve" (func $"[method]session.evolve" (;3;)))
    (core func $"#core-func12 indirect-h0-[method]session.evolve" (@name "indirect-h0-[method]session.evolve") (;12;) (canon lower (func $"[method]session.evolve") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (alias export $h0 "[method]session.decide" (func $"[method]session.decide" (;4;)))
    (core func $"#core-func13 indirect-h0-[method]session.decide" (@name "indirect-h0-[method]session.decide") (;13;) (canon lower (func $"[method]session.decide") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (alias export $h0 "[method]session.snapshot" (func $"[method]session.snapshot" (;5;)))
    (core func $"#core-func14 indirect-h0-[method]session.snapshot" (@name "indirect-h0-[method]session.snapshot") (;14;) (canon lower (func $"[method]session.snapshot") (memory $memory) (realloc $cabi_realloc)))
    (alias core export $main "annals:es/deciders@0.1.0#[dtor]session" (core func $"annals:es/deciders@0.1.0#[dtor]session" (;15;)))
    (core instance $actual (;4;)
      (export "0" (func $"#core-func10 indirect-h0-stream-id"))
      (export "1" (func $"#core-func11 indirect-h0-[static]session.restore"))
      (export "2" (func $"#core-func12 indirect-h0-[method]session.evolve"))
      (export "3" (func $"#core-func13 indirect-h0-[method]session.decide"))
      (export "4" (func $"#core-func14 indirect-h0-[method]session.snapshot"))
      (export "5" (func $"annals:es/deciders@0.1.0#[dtor]session"))
    )
    (core instance $fixup (;5;) (instantiate $wit-component-fixup
        (with "actual" (instance $actual))
        (with "shim" (instance $wit-component-shim-instance))
      )
    )
    (type (;23;) (own $session))
    (type (;24;) (func (param "decider" u32) (result 23)))
    (alias core export $main "annals:es/deciders@0.1.0#[constructor]session" (core func $"annals:es/deciders@0.1.0#[constructor]session" (;16;)))
    (func $"#func6 [constructor]session" (@name "[constructor]session") (;6;) (type 24) (canon lift (core func $"annals:es/deciders@0.1.0#[constructor]session")))
    (type (;25;) (list u8))
    (type (;26;) (result 23 (error $"#type15 fault")))
    (type (;27;) (func (param "decider" u32) (param "state" 25) (result 26)))
    (alias core export $main "annals:es/deciders@0.1.0#[static]session.restore" (core func $"annals:es/deciders@0.1.0#[static]session.restore" (;17;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.1.0#[static]session.restore" (core func $"cabi_post_annals:es/deciders@0.1.0#[static]session.restore" (;18;)))
    (func $"#func7 [static]session.restore" (@name "[static]session.restore") (;7;) (type 27) (canon lift (core func $"annals:es/deciders@0.1.0#[static]session.restore") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $"cabi_post_annals:es/deciders@0.1.0#[static]session.restore")))
    (type (;28;) (borrow $session))
    (type (;29;) (list $"#type10 event"))
    (type (;30;) (result (error $"#type15 fault")))
    (type (;31;) (func (param "self" 28) (param "events" 29) (result 30)))
    (alias core export $main "annals:es/deciders@0.1.0#[method]session.evolve" (core func $"annals:es/deciders@0.1.0#[method]session.evolve" (;19;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.1.0#[method]session.evolve" (core func $"cabi_post_annals:es/deciders@0.1.0#[method]session.evolve" (;20;)))
    (func $"#func8 [method]session.evolve" (@name "[method]session.evolve") (;8;) (type 31) (canon lift (core func $"annals:es/deciders@0.1.0#[method]session.evolve") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $"cabi_post_annals:es/deciders@0.1.0#[method]session.evolve")))
    (type (;32;) (result $"#type17 decision" (error $"#type16 decide-error")))
    (type (;33;) (func (param "self" 28) (param "c" $"#type8 command") (param "ctx" $"#type9 context") (result 32)))
    (alias core export $main "annals:es/deciders@0.1.0#[method]session.decide" (core func $"annals:es/deciders@0.1.0#[method]session.decide" (;21;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.1.0#[method]session.decide" (core func $"cabi_post_annals:es/deciders@0.1.0#[method]session.decide" (;22;)))
    (func $"#func9 [method]session.decide" (@name "[method]session.decide") (;9;) (type 33) (canon lift (core func $"annals:es/deciders@0.1.0#[method]session.decide") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $"cabi_post_annals:es/deciders@0.1.0#[method]session.decide")))
    (type (;34;) (option 25))
    (type (;35;) (func (param "self" 28) (result 34)))
    (alias core export $main "annals:es/deciders@0.1.0#[method]session.snapshot" (core func $"annals:es/deciders@0.1.0#[method]session.snapshot" (;23;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.1.0#[method]session.snapshot" (core func $"cabi_post_annals:es/deciders@0.1.0#[method]session.snapshot" (;24;)))
    (func $"#func10 [method]session.snapshot" (@name "[method]session.snapshot") (;10;) (type 35) (canon lift (core func $"annals:es/deciders@0.1.0#[method]session.snapshot") (memory $memory) (post-return $"cabi_post_annals:es/deciders@0.1.0#[method]session.snapshot")))
    (type (;36;) (list $decider-descriptor))
    (type (;37;) (func (result 36)))
    (alias core export $main "annals:es/deciders@0.1.0#describe" (core func $annals:es/deciders@0.1.0#describe (;25;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.1.0#describe" (core func $cabi_post_annals:es/deciders@0.1.0#describe (;26;)))
    (func $describe (;11;) (type 37) (canon lift (core func $annals:es/deciders@0.1.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/deciders@0.1.0#describe)))
    (type (;38;) (result string (error $"#type16 decide-error")))
    (type (;39;) (func (param "decider" u32) (param "c" $"#type8 command") (result 38)))
    (alias core export $main "annals:es/deciders@0.1.0#stream-id" (core func $annals:es/deciders@0.1.0#stream-id (;27;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.1.0#stream-id" (core func $cabi_post_annals:es/deciders@0.1.0#stream-id (;28;)))
    (func $"#func12 stream-id" (@name "stream-id") (;12;) (type 39) (canon lift (core func $annals:es/deciders@0.1.0#stream-id) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/deciders@0.1.0#stream-id)))
    (component $annals:es/deciders@0.1.0-shim-component (;0;)
      (type (;0;) (list u8))
      (type (;1;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 0)))
      (import "import-type-command" (type (;2;) (eq 1)))
      (type (;3;) (option string))
      (type (;4;) (record (field "now" u64) (field "seed" u64) (field "actor" 3)))
      (import "import-type-context" (type (;5;) (eq 4)))
      (type (;6;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
      (import "import-type-event" (type (;7;) (eq 6)))
      (type (;8;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0)))
      (import "import-type-new-event" (type (;9;) (eq 8)))
      (type (;10;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
      (import "import-type-precondition" (type (;11;) (eq 10)))
      (type (;12;) (record (field "code" string) (field "message" string) (field "details" 3)))
      (import "import-type-rejection" (type (;13;) (eq 12)))
      (type (;14;) (record (field "message" string) (field "at" 3)))
      (import "import-type-malformed" (type (;15;) (eq 14)))
      (type (;16;) (record (field "message" string)))
      (import "import-type-fault" (type (;17;) (eq 16)))
      (type (;18;) (variant (case "malformed" 15) (case "rejected" 13) (case "failed" 17)))
      (import "import-type-decide-error" (type (;19;) (eq 18)))
      (type (;20;) (list 9))
      (type (;21;) (record (field "events" 20) (field "close" bool)))
      (import "import-type-decision" (type (;22;) (eq 21)))
      (type (;23;) (record (field "command-type" string) (field "precondition" 11) (field "schema" 3) (field "internal" bool)))
      (import "import-type-command-spec" (type (;24;) (eq 23)))
      (type (;25;) (record (field "event-type" string) (field "version" u32)))
      (import "import-type-event-schema" (type (;26;) (eq 25)))
      (type (;27;) (list 24))
      (type (;28;) (list string))
      (type (;29;) (list 26))
      (type (;30;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 27) (field "emits" 28) (field "folds" 28) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 29)))
      (import "import-type-decider-descriptor" (type (;31;) (eq 30)))
      (import "import-type-session" (type (;32;) (sub resource)))
      (type (;33;) (own 32))
      (type (;34;) (func (param "decider" u32) (result 33)))
      (import "import-constructor-session" (func (;0;) (type 34)))
      (import "import-type-fault0" (type (;35;) (eq 17)))
      (type (;36;) (result 33 (error 35)))
      (type (;37;) (func (param "decider" u32) (param "state" 0) (result 36)))
      (import "import-static-session-restore" (func (;1;) (type 37)))
      (type (;38;) (borrow 32))
      (import "import-type-event0" (type (;39;) (eq 7)))
      (type (;40;) (list 39))
      (type (;41;) (result (error 35)))
      (type (;42;) (func (param "self" 38) (param "events" 40) (result 41)))
      (import "import-method-session-evolve" (func (;2;) (type 42)))
      (import "import-type-command0" (type (;43;) (eq 2)))
      (import "import-type-context0" (type (;44;) (eq 5)))
      (import "import-type-decision0" (type (;45;) (eq 22)))
      (import "import-type-decide-error0" (type (;46;) (eq 19)))
      (type (;47;) (result 45 (error 46)))
      (type (;48;) (func (param "self" 38) (param "c" 43) (param "ctx" 44) (result 47)))
      (import "import-method-session-decide" (func (;3;) (type 48)))
      (type (;49;) (option 0))
      (type (;50;) (func (param "self" 38) (result 49)))
      (import "import-method-session-snapshot" (func (;4;) (type 50)))
      (import "import-type-decider-descriptor0" (type (;51;) (eq 31)))
      (type (;52;) (list 51))
      (type (;53;) (func (result 52)))
      (import "import-func-describe" (func (;5;) (type 53)))
      (type (;54;) (result string (error 46)))
      (type (;55;) (func (param "decider" u32) (param "c" 43) (result 54)))
      (import "import-func-stream-id" (func (;6;) (type 55)))
      (export (;56;) "command" (type 2))
      (export (;57;) "context" (type 5))
      (export (;58;) "event" (type 7))
      (export (;59;) "new-event" (type 9))
      (export (;60;) "precondition" (type 11))
      (export (;61;) "rejection" (type 13))
      (export (;62;) "malformed" (type 15))
      (export (;63;) "fault" (type 17))
      (export (;64;) "decide-error" (type 19))
      (export (;65;) "decision" (type 22))
      (export (;66;) "command-spec" (type 24))
      (export (;67;) "decider-descriptor" (type 31))
      (export (;68;) "event-schema" (type 26))
      (export (;69;) "session" (type 32))
      (type (;70;) (own 69))
      (type (;71;) (func (param "decider" u32) (result 70)))
      (export (;7;) "[constructor]session" (func 0) (func (type 71)))
      (type (;72;) (result 70 (error 63)))
      (type (;73;) (func (param "decider" u32) (param "state" 0) (result 72)))
      (export (;8;) "[static]session.restore" (func 1) (func (type 73)))
      (type (;74;) (borrow 69))
      (type (;75;) (list 58))
      (type (;76;) (result (error 63)))
      (type (;77;) (func (param "self" 74) (param "events" 75) (result 76)))
      (export (;9;) "[method]session.evolve" (func 2) (func (type 77)))
      (type (;78;) (result 65 (error 64)))
      (type (;79;) (func (param "self" 74) (param "c" 56) (param "ctx" 57) (result 78)))
      (export (;10;) "[method]session.decide" (func 3) (func (type 79)))
      (type (;80;) (option 0))
      (type (;81;) (func (param "self" 74) (result 80)))
      (export (;11;) "[method]session.snapshot" (func 4) (func (type 81)))
      (type (;82;) (list 67))
      (type (;83;) (func (result 82)))
      (export (;12;) "describe" (func 5) (func (type 83)))
      (type (;84;) (result string (error 64)))
      (type (;85;) (func (param "decider" u32) (param "c" 56) (result 84)))
      (export (;13;) "stream-id" (func 6) (func (type 85)))
    )
    (instance $annals:es/deciders@0.1.0-shim-instance (;2;) (instantiate $annals:es/deciders@0.1.0-shim-component
        (with "import-constructor-session" (func $"#func6 [constructor]session"))
        (with "import-static-session-restore" (func $"#func7 [static]session.restore"))
        (with "import-method-session-evolve" (func $"#func8 [method]session.evolve"))
        (with "import-method-session-decide" (func $"#func9 [method]session.decide"))
        (with "import-method-session-snapshot" (func $"#func10 [method]session.snapshot"))
        (with "import-func-describe" (func $describe))
        (with "import-func-stream-id" (func $"#func12 stream-id"))
        (with "import-type-command" (type $"#type8 command"))
        (with "import-type-context" (type $"#type9 context"))
        (with "import-type-event" (type $"#type10 event"))
        (with "import-type-new-event" (type $new-event))
        (with "import-type-precondition" (type $precondition))
        (with "import-type-rejection" (type $rejection))
        (with "import-type-malformed" (type $malformed))
        (with "import-type-fault" (type $"#type15 fault"))
        (with "import-type-decide-error" (type $"#type16 decide-error"))
        (with "import-type-decision" (type $"#type17 decision"))
        (with "import-type-command-spec" (type $command-spec))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-decider-descriptor" (type $decider-descriptor))
        (with "import-type-session" (type $session))
        (with "import-type-fault0" (type $"#type15 fault"))
        (with "import-type-event0" (type $"#type10 event"))
        (with "import-type-command0" (type $"#type8 command"))
        (with "import-type-context0" (type $"#type9 context"))
        (with "import-type-decision0" (type $"#type17 decision"))
        (with "import-type-decide-error0" (type $"#type16 decide-error"))
        (with "import-type-decider-descriptor0" (type $decider-descriptor))
      )
    )
    (export $annals:es/deciders@0.1.0 (;3;) "annals:es/deciders@0.1.0" (instance $annals:es/deciders@0.1.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;7;) (instantiate 3
      (with "h0" (instance 6))
      (with "annals:es/types@0.1.0" (instance 2))
    )
  )
  (alias export 5 "annals:es/projectors@0.1.0" (instance (;8;)))
  (component (;4;)
    (type $ty-annals:es/types@0.1.0 (;0;)
      (instance
        (type (;0;) (option string))
        (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
        (export (;2;) "metadata" (type (eq 1)))
        (type (;3;) (list u8))
        (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
        (export (;5;) "recorded-event" (type (eq 4)))
        (type (;6;) (record (field "view" string) (field "key" string)))
        (export (;7;) "row-key" (type (eq 6)))
        (type (;8;) (record (field "message" string)))
        (export (;9;) "fault" (type (eq 8)))
        (type (;10;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 3)))
        (export (;11;) "row" (type (eq 10)))
        (type (;12;) (variant (case "put" 11) (case "delete" 7)))
        (export (;13;) "row-change" (type (eq 12)))
        (type (;14;) (enum "origin" "now"))
        (export (;15;) "start-from" (type (eq 14)))
        (type (;16;) (record (field "event-type" string) (field "version" u32)))
        (export (;17;) "event-schema" (type (eq 16)))
        (type (;18;) (list string))
        (type (;19;) (list 17))
        (type (;20;) (record (field "name" string) (field "version" u32) (field "wants" 18) (field "emits" 18) (field "views" 18) (field "from" 15) (field "lanes" u32) (field "schemas" 19)))
        (export (;21;) "reaction-descriptor" (type (eq 20)))
      )
    )
    (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;0;) (type $ty-annals:es/types@0.1.0)))
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $recorded-event (;1;)))
    (alias export $annals:es/types@0.1.0 "row-key" (type $row-key (;2;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $fault (;3;)))
    (alias export $annals:es/types@0.1.0 "row" (type $row (;4;)))
    (alias export $annals:es/types@0.1.0 "row-change" (type $row-change (;5;)))
    (type $ty-h0 (;6;)
      (instance
        (alias outer 1 $recorded-event (type (;0;)))
        (export (;1;) "recorded-event" (type (eq 0)))
        (alias outer 1 $row-key (type (;2;)))
        (export (;3;) "row-key" (type (eq 2)))
        (alias outer 1 $fault (type (;4;)))
        (export (;5;) "fault" (type (eq 4)))
        (alias outer 1 $row (type (;6;)))
        (export (;7;) "row" (type (eq 6)))
        (alias outer 1 $row-change (type (;8;)))
        (export (;9;) "row-change" (type (eq 8)))
        (type (;10;) (list 3))
        (type (;11;) (result 10 (error 5)))
        (type (;12;) (func (param "projector" u32) (param "e" 1) (result 11)))
        (export (;0;) "touches" (func (type 12)))
        (type (;13;) (list 7))
        (type (;14;) (list 9))
        (type (;15;) (result 14 (error 5)))
        (type (;16;) (func (param "projector" u32) (param "e" 1) (param "rows" 13) (result 15)))
        (export (;1;) "project" (func (type 16)))
      )
    )
    (import "h0" (instance $h0 (;1;) (type $ty-h0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32)))
      (type (;1;) (func (param i32 i32)))
      (type (;2;) (func (param i32 i32)))
      (type (;3;) (func (param i32 i32)))
      (type (;4;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;5;) (func (param i32)))
      (type (;6;) (func (result i32)))
      (type (;7;) (func (param i32) (result i32)))
      (type (;8;) (func (param i32) (result i32)))
      (import "h0" "touches" (func (;0;) (type 0) (param i32 i32)))
      (import "h0" "project" (func (;1;) (type 1) (param i32 i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 160)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/projectors@0.1.0#describe" (func $describe))
      (export "cabi_post_annals:es/projectors@0.1.0#describe" (func $reset))
      (export "annals:es/projectors@0.1.0#touches" (func $touches))
      (export "cabi_post_annals:es/projectors@0.1.0#touches" (func $reset))
      (export "annals:es/projectors@0.1.0#project" (func $project))
      (export "cabi_post_annals:es/projectors@0.1.0#project" (func $reset))
      (export "memory" (memory 0))
      (func $handler:reactions (;2;) (type 2) (param i32 i32)
        local.get 0
        local.get 1
        call 0
      )
      (func $"#func3 handler:reactions" (@name "handler:reactions") (;3;) (type 3) (param i32 i32)
        local.get 0
        local.get 1
        call 1
      )
      (func $cabi_realloc (;4;) (type 4) (param i32 i32 i32 i32) (result i32)
        (local i32)
        global.get 0
        local.get 2
        i32.add
        i32.const 1
        i32.sub
        i32.const 0
        local.get 2
        i32.sub
        i32.and
        local.tee 4
        local.get 3
        i32.add
        global.set 0
        global.get 0
        local.get 4
        i32.lt_u
        if ;; label = @1
          unreachable
        end
        global.get 0
        memory.size
        i32.const 16
        i32.shl
        i32.gt_u
        if ;; label = @1
          global.get 0
          memory.size
          i32.const 16
          i32.shl
          i32.sub
          i32.const 65535
          i32.add
          i32.const 16
          i32.shr_u
          memory.grow
          i32.const -1
          i32.eq
          if ;; label = @2
            unreachable
          end
        end
        local.get 1
        if ;; label = @1
          local.get 4
          local.get 0
          local.get 1
          local.get 3
          local.get 1
          local.get 3
          i32.lt_u
          select
          memory.copy
        end
        local.get 4
      )
      (func $reset (;5;) (type 5) (param i32)
        i32.const 160
        global.set 0
      )
      (func $describe (;6;) (type 6) (result i32)
        i32.const 132
      )
      (func $touches (;7;) (type 7) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 2
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 1
          local.get 0
          local.get 2
          i32.const 0
          i32.sub
          i32.store align=1
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        i32.const 144
        call $handler:reactions
        i32.const 144
        return
        unreachable
      )
      (func $project (;8;) (type 8) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 2
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 1
          local.get 0
          local.get 2
          i32.const 0
          i32.sub
          i32.store align=1
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        i32.const 144
        call $"#func3 handler:reactions"
        i32.const 144
        return
        unreachable
      )
      (data (;0;) (i32.const 16) "balancesAccountOpened\00\00\00\18\00\00\00\0d\00\00\00balancesowners\00\000\00\00\00\08\00\00\008\00\00\00\06\00\00\00\10\00\00\00\08\00\00\00\01\00\00\00(\00\00\00\01\00\00\000\00\00\00\00\00\00\00@\00\00\00\02\00\00\00\00\00\00\00\01\00\00\00\10\00\00\00\00\00\00\00P\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core module $wit-component-shim-module (;1;)
      (type (;0;) (func (param i32 i32)))
      (table (;0;) 2 2 funcref)
      (export "0" (func 0))
      (export "1" (func 1))
      (export "$imports" (table 0))
      (func (;0;) (type 0) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 0
        call_indirect (type 0)
      )
      (func (;1;) (type 0) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 1
        call_indirect (type 0)
      )
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core instance $wit-component-shim-instance (;0;) (instantiate $wit-component-shim-module))
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $"#type7 recorded-event" (@name "recorded-event") (;7;)))
    (alias export $annals:es/types@0.1.0 "metadata" (type $metadata (;8;)))
    (alias export $annals:es/types@0.1.0 "row" (type $"#type9 row" (@name "row") (;9;)))
    (alias export $annals:es/types@0.1.0 "row-key" (type $"#type10 row-key" (@name "row-key") (;10;)))
    (alias export $annals:es/types@0.1.0 "row-change" (type $"#type11 row-change" (@name "row-change") (;11;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $"#type12 fault" (@name "fault") (;12;)))
    (alias export $annals:es/types@0.1.0 "start-from" (type $start-from (;13;)))
    (alias export $annals:es/types@0.1.0 "reaction-descriptor" (type $reaction-descriptor (;14;)))
    (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;15;)))
    (alias core export $wit-component-shim-instance "0" (core func $indirect-h0-touches (;0;)))
    (alias core export $wit-component-shim-instance "1" (core func $indirect-h0-project (;1;)))
    (core instance $h0 (;1;)
      (export "touches" (func $indirect-h0-touches))
      (export "project" (func $indirect-h0-project))
    )
    (core instance $main (;2;) (instantiate $main
        (with "h0" (instance $h0))
      )
    )
    (alias core export $main "memory" (core memory $memory (;0;)))
    (core module $wit-component-fixup (;2;)
      (type (;0;) (func (param i32 i32)))
      (import "actual" "0" (func (;0;) (type 0) (param i32 i32)))
      (import "actual" "1" (func (;1;) (type 0) (param i32 i32)))
      (import "shim" "$imports" (table (;0;) 2 2 funcref))
      (elem (;0;) (i32.const 0) func 0 1)
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $h0 "touches" (func $touches (;0;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
    (core func $"#core-func3 indirect-h0-touches" (@name "indirect-h0-touches") (;3;) (canon lower (func $touches) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (alias export $h0 "project" (func $project (;1;)))
    (core func $"#core-func4 indirect-h0-project" (@name "indirect-h0-project") (;4;) (canon lower (func $project) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (core instance $actual (;3;)
      (export "0" (func $"#core-func3 indirect-h0-touches"))
      (export "1" (func $"#core-func4 indirect-h0-project"))
    )
    (core instance $fixup (;4;) (instantiate $wit-component-fixup
        (with "actual" (instance $actual))
        (with "shim" (instance $wit-component-shim-instance))
      )
    )
    (type (;16;) (list $reaction-descriptor))
    (type (;17;) (func (result 16)))
    (alias core export $main "annals:es/projectors@0.1.0#describe" (core func $annals:es/projectors@0.1.0#describe (;5;)))
    (alias core export $main "cabi_post_annals:es/projectors@0.1.0#describe" (core func $cabi_post_annals:es/projectors@0.1.0#describe (;6;)))
    (func $describe (;2;) (type 17) (canon lift (core func $annals:es/projectors@0.1.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/projectors@0.1.0#describe)))
    (type (;18;) (list $"#type10 row-key"))
    (type (;19;) (result 18 (error $"#type12 fault")))
    (type (;20;) (func (param "projector" u32) (param "e" $"#type7 recorded-event") (result 19)))
    (alias core export $main "annals:es/projectors@0.1.0#touches" (core func $annals:es/projectors@0.1.0#touches (;7;)))
    (alias core export $main "cabi_post_annals:es/projectors@0.1.0#touches" (core func $cabi_post_annals:es/projectors@0.1.0#touches (;8;)))
    (func $"#func3 touches" (@name "touches") (;3;) (type 20) (canon lift (core func $annals:es/projectors@0.1.0#touches) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/projectors@0.1.0#touches)))
    (type (;21;) (list $"#type9 row"))
    (type (;22;) (list $"#type11 row-change"))
    (type (;23;) (result 22 (error $"#type12 fault")))
    (type (;24;) (func (param "projector" u32) (param "e" $"#type7 recorded-event") (param "rows" 21) (result 23)))
    (alias core export $main "annals:es/projectors@0.1.0#project" (core func $annals:es/projectors@0.1.0#project (;9;)))
    (alias core export $main "cabi_post_annals:es/projectors@0.1.0#project" (core func $cabi_post_annals:es/projectors@0.1.0#project (;10;)))
    (func $"#func4 project" (@name "project") (;4;) (type 24) (canon lift (core func $annals:es/projectors@0.1.0#project) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/projectors@0.1.0#project)))
    (component $annals:es/projectors@0.1.0-shim-component (;0;)
      (type (;0;) (option string))
      (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
      (import "import-type-metadata" (type (;2;) (eq 1)))
      (type (;3;) (list u8))
      (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
      (import "import-type-recorded-event" (type (;5;) (eq 4)))
      (type (;6;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 3)))
      (import "import-type-row" (type (;7;) (eq 6)))
      (type (;8;) (record (field "view" string) (field "key" string)))
      (import "import-type-row-key" (type (;9;) (eq 8)))
      (type (;10;) (variant (case "put" 7) (case "delete" 9)))
      (import "import-type-row-change" (type (;11;) (eq 10)))
      (type (;12;) (record (field "message" string)))
      (import "import-type-fault" (type (;13;) (eq 12)))
      (type (;14;) (enum "origin" "now"))
      (import "import-type-start-from" (type (;15;) (eq 14)))
      (type (;16;) (record (field "event-type" string) (field "version" u32)))
      (import "import-type-event-schema" (type (;17;) (eq 16)))
      (type (;18;) (list string))
      (type (;19;) (list 17))
      (type (;20;) (record (field "name" string) (field "version" u32) (field "wants" 18) (field "emits" 18) (field "views" 18) (field "from" 15) (field "lanes" u32) (field "schemas" 19)))
      (import "import-type-reaction-descriptor" (type (;21;) (eq 20)))
      (import "import-type-reaction-descriptor0" (type (;22;) (eq 21)))
      (type (;23;) (list 22))
      (type (;24;) (func (result 23)))
      (import "import-func-describe" (func (;0;) (type 24)))
      (import "import-type-recorded-event0" (type (;25;) (eq 5)))
      (import "import-type-row-key0" (type (;26;) (eq 9)))
      (type (;27;) (list 26))
      (import "import-type-fault0" (type (;28;) (eq 13)))
      (type (;29;) (result 27 (error 28)))
      (type (;30;) (func (param "projector" u32) (param "e" 25) (result 29)))
      (import "import-func-touches" (func (;1;) (type 30)))
      (import "import-type-row0" (type (;31;) (eq 7)))
      (type (;32;) (list 31))
      (import "import-type-row-change0" (type (;33;) (eq 11)))
      (type (;34;) (list 33))
      (type (;35;) (result 34 (error 28)))
      (type (;36;) (func (param "projector" u32) (param "e" 25) (param "rows" 32) (result 35)))
      (import "import-func-project" (func (;2;) (type 36)))
      (export (;37;) "recorded-event" (type 5))
      (export (;38;) "metadata" (type 2))
      (export (;39;) "row" (type 7))
      (export (;40;) "row-key" (type 9))
      (export (;41;) "row-change" (type 11))
      (export (;42;) "fault" (type 13))
      (export (;43;) "start-from" (type 15))
      (export (;44;) "reaction-descriptor" (type 21))
      (export (;45;) "event-schema" (type 17))
      (type (;46;) (list 44))
      (type (;47;) (func (result 46)))
      (export (;3;) "describe" (func 0) (func (type 47)))
      (type (;48;) (list 40))
      (type (;49;) (result 48 (error 42)))
      (type (;50;) (func (param "projector" u32) (param "e" 37) (result 49)))
      (export (;4;) "touches" (func 1) (func (type 50)))
      (type (;51;) (list 39))
      (type (;52;) (list 41))
      (type (;53;) (result 52 (error 42)))
      (type (;54;) (func (param "projector" u32) (param "e" 37) (param "rows" 51) (result 53)))
      (export (;5;) "project" (func 2) (func (type 54)))
    )
    (instance $annals:es/projectors@0.1.0-shim-instance (;2;) (instantiate $annals:es/projectors@0.1.0-shim-component
        (with "import-func-describe" (func $describe))
        (with "import-func-touches" (func $"#func3 touches"))
        (with "import-func-project" (func $"#func4 project"))
        (with "import-type-metadata" (type $metadata))
        (with "import-type-recorded-event" (type $"#type7 recorded-event"))
        (with "import-type-row" (type $"#type9 row"))
        (with "import-type-row-key" (type $"#type10 row-key"))
        (with "import-type-row-change" (type $"#type11 row-change"))
        (with "import-type-fault" (type $"#type12 fault"))
        (with "import-type-start-from" (type $start-from))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-reaction-descriptor" (type $reaction-descriptor))
        (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
        (with "import-type-recorded-event0" (type $"#type7 recorded-event"))
        (with "import-type-row-key0" (type $"#type10 row-key"))
        (with "import-type-fault0" (type $"#type12 fault"))
        (with "import-type-row0" (type $"#type9 row"))
        (with "import-type-row-change0" (type $"#type11 row-change"))
      )
    )
    (export $annals:es/projectors@0.1.0 (;3;) "annals:es/projectors@0.1.0" (instance $annals:es/projectors@0.1.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;9;) (instantiate 4
      (with "h0" (instance 8))
      (with "annals:es/types@0.1.0" (instance 2))
    )
  )
  (alias export 5 "annals:es/process-managers@0.1.0" (instance (;10;)))
  (component (;5;)
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
        (type (;8;) (record (field "command-type" string) (field "content-type" string) (field "payload" 3)))
        (export (;9;) "outgoing-command" (type (eq 8)))
        (type (;10;) (record (field "code" string) (field "message" string) (field "details" 0)))
        (export (;11;) "rejection" (type (eq 10)))
        (type (;12;) (record (field "now" u64) (field "seed" u64) (field "actor" 0)))
        (export (;13;) "context" (type (eq 12)))
        (type (;14;) (enum "origin" "now"))
        (export (;15;) "start-from" (type (eq 14)))
        (type (;16;) (record (field "event-type" string) (field "version" u32)))
        (export (;17;) "event-schema" (type (eq 16)))
        (type (;18;) (list string))
        (type (;19;) (list 17))
        (type (;20;) (record (field "name" string) (field "version" u32) (field "wants" 18) (field "emits" 18) (field "views" 18) (field "from" 15) (field "lanes" u32) (field "schemas" 19)))
        (export (;21;) "reaction-descriptor" (type (eq 20)))
      )
    )
    (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;0;) (type $ty-annals:es/types@0.1.0)))
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $recorded-event (;1;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $fault (;2;)))
    (alias export $annals:es/types@0.1.0 "outgoing-command" (type $outgoing-command (;3;)))
    (alias export $annals:es/types@0.1.0 "rejection" (type $rejection (;4;)))
    (alias export $annals:es/types@0.1.0 "context" (type $context (;5;)))
    (type $ty-h0 (;6;)
      (instance
        (alias outer 1 $recorded-event (type (;0;)))
        (export (;1;) "recorded-event" (type (eq 0)))
        (type (;2;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
        (export (;3;) "interest" (type (eq 2)))
        (alias outer 1 $fault (type (;4;)))
        (export (;5;) "fault" (type (eq 4)))
        (alias outer 1 $outgoing-command (type (;6;)))
        (export (;7;) "outgoing-command" (type (eq 6)))
        (alias outer 1 $rejection (type (;8;)))
        (export (;9;) "rejection" (type (eq 8)))
        (type (;10;) (record (field "command" 7) (field "reason" 9) (field "cause" 1)))
        (export (;11;) "refusal" (type (eq 10)))
        (type (;12;) (variant (case "event" 1) (case "refused" 11)))
        (export (;13;) "input" (type (eq 12)))
        (alias outer 1 $context (type (;14;)))
        (export (;15;) "context" (type (eq 14)))
        (type (;16;) (list u8))
        (type (;17;) (list 7))
        (type (;18;) (list string))
        (type (;19;) (record (field "state" 16) (field "commands" 17) (field "notes" 18) (field "stop" bool)))
        (export (;20;) "reaction" (type (eq 19)))
        (type (;21;) (list 3))
        (type (;22;) (result 21 (error 5)))
        (type (;23;) (func (param "manager" u32) (param "e" 1) (result 22)))
        (export (;0;) "interested" (func (type 23)))
        (type (;24;) (option 16))
        (type (;25;) (result 20 (error 5)))
        (type (;26;) (func (param "manager" u32) (param "process" string) (param "state" 24) (param "what" 13) (param "ctx" 15) (result 25)))
        (export (;1;) "react" (func (type 26)))
      )
    )
    (import "h0" (instance $h0 (;1;) (type $ty-h0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32)))
      (type (;1;) (func (param i32 i32)))
      (type (;2;) (func (param i32 i32)))
      (type (;3;) (func (param i32 i32)))
      (type (;4;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;5;) (func (param i32)))
      (type (;6;) (func (result i32)))
      (type (;7;) (func (param i32) (result i32)))
      (type (;8;) (func (param i32) (result i32)))
      (import "h0" "interested" (func (;0;) (type 0) (param i32 i32)))
      (import "h0" "react" (func (;1;) (type 1) (param i32 i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 160)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/process-managers@0.1.0#describe" (func $describe))
      (export "cabi_post_annals:es/process-managers@0.1.0#describe" (func $reset))
      (export "annals:es/process-managers@0.1.0#interested" (func $interested))
      (export "cabi_post_annals:es/process-managers@0.1.0#interested" (func $reset))
      (export "annals:es/process-managers@0.1.0#react" (func $react))
      (export "cabi_post_annals:es/process-managers@0.1.0#react" (func $reset))
      (export "memory" (memory 0))
      (func $handler:reactions (;2;) (type 2) (param i32 i32)
        local.get 0
        local.get 1
        call 0
      )
      (func $"#func3 handler:reactions" (@name "handler:reactions") (;3;) (type 3) (param i32 i32)
        local.get 0
        local.get 1
        call 1
      )
      (func $cabi_realloc (;4;) (type 4) (param i32 i32 i32 i32) (result i32)
        (local i32)
        global.get 0
        local.get 2
        i32.add
        i32.const 1
        i32.sub
        i32.const 0
        local.get 2
        i32.sub
        i32.and
        local.tee 4
        local.get 3
        i32.add
        global.set 0
        global.get 0
        local.get 4
        i32.lt_u
        if ;; label = @1
          unreachable
        end
        global.get 0
        memory.size
        i32.const 16
        i32.shl
        i32.gt_u
        if ;; label = @1
          global.get 0
          memory.size
          i32.const 16
          i32.shl
          i32.sub
          i32.const 65535
          i32.add
          i32.const 16
          i32.shr_u
          memory.grow
          i32.const -1
          i32.eq
          if ;; label = @2
            unreachable
          end
        end
        local.get 1
        if ;; label = @1
          local.get 4
          local.get 0
          local.get 1
          local.get 3
          local.get 1
          local.get 3
          i32.lt_u
          select
          memory.copy
        end
        local.get 4
      )
      (func $reset (;5;) (type 5) (param i32)
        i32.const 160
        global.set 0
      )
      (func $describe (;6;) (type 6) (result i32)
        i32.const 116
      )
      (func $interested (;7;) (type 7) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 2
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 1
          local.get 0
          local.get 2
          i32.const 0
          i32.sub
          i32.store align=1
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        i32.const 128
        call $handler:reactions
        i32.const 128
        return
        unreachable
      )
      (func $react (;8;) (type 8) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 2
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 1
          local.get 0
          local.get 2
          i32.const 0
          i32.sub
          i32.store align=1
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        i32.const 128
        call $"#func3 handler:reactions"
        i32.const 128
        return
        unreachable
      )
      (data (;0;) (i32.const 16) "welcomeAccountOpened\17\00\00\00\0d\00\00\00OpenAccount\00,\00\00\00\0b\00\00\00\10\00\00\00\07\00\00\00\01\00\00\00$\00\00\00\01\00\00\008\00\00\00\01\00\00\00@\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\10\00\00\00\00\00\00\00@\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core module $wit-component-shim-module (;1;)
      (type (;0;) (func (param i32 i32)))
      (table (;0;) 2 2 funcref)
      (export "0" (func 0))
      (export "1" (func 1))
      (export "$imports" (table 0))
      (func (;0;) (type 0) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 0
        call_indirect (type 0)
      )
      (func (;1;) (type 0) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 1
        call_indirect (type 0)
      )
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core instance $wit-component-shim-instance (;0;) (instantiate $wit-component-shim-module))
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $"#type7 recorded-event" (@name "recorded-event") (;7;)))
    (alias export $annals:es/types@0.1.0 "metadata" (type $metadata (;8;)))
    (alias export $annals:es/types@0.1.0 "context" (type $"#type9 context" (@name "context") (;9;)))
    (alias export $annals:es/types@0.1.0 "rejection" (type $"#type10 rejection" (@name "rejection") (;10;)))
    (alias export $annals:es/types@0.1.0 "outgoing-command" (type $"#type11 outgoing-command" (@name "outgoing-command") (;11;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $"#type12 fault" (@name "fault") (;12;)))
    (alias export $annals:es/types@0.1.0 "start-from" (type $start-from (;13;)))
    (alias export $annals:es/types@0.1.0 "reaction-descriptor" (type $reaction-descriptor (;14;)))
    (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;15;)))
    (type (;16;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
    (type (;17;) (record (field "command" $"#type11 outgoing-command") (field "reason" $"#type10 rejection") (field "cause" $"#type7 recorded-event")))
    (type (;18;) (variant (case "event" $"#type7 recorded-event") (case "refused" 17)))
    (type (;19;) (list u8))
    (type (;20;) (list $"#type11 outgoing-command"))
    (type (;21;) (list string))
    (type (;22;) (record (field "state" 19) (field "commands" 20) (field "notes" 21) (field "stop" bool)))
    (alias core export $wit-component-shim-instance "0" (core func $indirect-h0-interested (;0;)))
    (alias core export $wit-component-shim-instance "1" (core func $indirect-h0-react (;1;)))
    (core instance $h0 (;1;)
      (export "interested" (func $indirect-h0-interested))
      (export "react" (func $indirect-h0-react))
    )
    (core instance $main (;2;) (instantiate $main
        (with "h0" (instance $h0))
      )
    )
    (alias core export $main "memory" (core memory $memory (;0;)))
    (core module $wit-component-fixup (;2;)
      (type (;0;) (func (param i32 i32)))
      (import "actual" "0" (func (;0;) (type 0) (param i32 i32)))
      (import "actual" "1" (func (;1;) (type 0) (param i32 i32)))
      (import "shim" "$imports" (table (;0;) 2 2 funcref))
      (elem (;0;) (i32.const 0) func 0 1)
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $h0 "interested" (func $interested (;0;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
    (core func $"#core-func3 indirect-h0-interested" (@name "indirect-h0-interested") (;3;) (canon lower (func $interested) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (alias export $h0 "react" (func $react (;1;)))
    (core func $"#core-func4 indirect-h0-react" (@name "indirect-h0-react") (;4;) (canon lower (func $react) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (core instance $actual (;3;)
      (export "0" (func $"#core-func3 indirect-h0-interested"))
      (export "1" (func $"#core-func4 indirect-h0-react"))
    )
    (core instance $fixup (;4;) (instantiate $wit-component-fixup
        (with "actual" (instance $actual))
        (with "shim" (instance $wit-component-shim-instance))
      )
    )
    (type (;23;) (list $reaction-descriptor))
    (type (;24;) (func (result 23)))
    (alias core export $main "annals:es/process-managers@0.1.0#describe" (core func $annals:es/process-managers@0.1.0#describe (;5;)))
    (alias core export $main "cabi_post_annals:es/process-managers@0.1.0#describe" (core func $cabi_post_annals:es/process-managers@0.1.0#describe (;6;)))
    (func $describe (;2;) (type 24) (canon lift (core func $annals:es/process-managers@0.1.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/process-managers@0.1.0#describe)))
    (type (;25;) (list 16))
    (type (;26;) (result 25 (error $"#type12 fault")))
    (type (;27;) (func (param "manager" u32) (param "e" $"#type7 recorded-event") (result 26)))
    (alias core export $main "annals:es/process-managers@0.1.0#interested" (core func $annals:es/process-managers@0.1.0#interested (;7;)))
    (alias core export $main "cabi_post_annals:es/process-managers@0.1.0#interested" (core func $cabi_post_annals:es/process-managers@0.1.0#interested (;8;)))
    (func $"#func3 interested" (@name "interested") (;3;) (type 27) (canon lift (core func $annals:es/process-managers@0.1.0#interested) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/process-managers@0.1.0#interested)))
    (type (;28;) (option 19))
    (type (;29;) (result 22 (error $"#type12 fault")))
    (type (;30;) (func (param "manager" u32) (param "process" string) (param "state" 28) (param "what" 18) (param "ctx" $"#type9 context") (result 29)))
    (alias core export $main "annals:es/process-managers@0.1.0#react" (core func $annals:es/process-managers@0.1.0#react (;9;)))
    (alias core export $main "cabi_post_annals:es/process-managers@0.1.0#react" (core func $cabi_post_annals:es/process-managers@0.1.0#react (;10;)))
    (func $"#func4 react" (@name "react") (;4;) (type 30) (canon lift (core func $annals:es/process-managers@0.1.0#react) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/process-managers@0.1.0#react)))
    (component $annals:es/process-managers@0.1.0-shim-component (;0;)
      (type (;0;) (option string))
      (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
      (import "import-type-metadata" (type (;2;) (eq 1)))
      (type (;3;) (list u8))
      (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
      (import "import-type-recorded-event" (type (;5;) (eq 4)))
      (type (;6;) (record (field "now" u64) (field "seed" u64) (field "actor" 0)))
      (import "import-type-context" (type (;7;) (eq 6)))
      (type (;8;) (record (field "code" string) (field "message" string) (field "details" 0)))
      (import "import-type-rejection" (type (;9;) (eq 8)))
      (type (;10;) (record (field "command-type" string) (field "content-type" string) (field "payload" 3)))
      (import "import-type-outgoing-command" (type (;11;) (eq 10)))
      (type (;12;) (record (field "message" string)))
      (import "import-type-fault" (type (;13;) (eq 12)))
      (type (;14;) (enum "origin" "now"))
      (import "import-type-start-from" (type (;15;) (eq 14)))
      (type (;16;) (record (field "event-type" string) (field "version" u32)))
      (import "import-type-event-schema" (type (;17;) (eq 16)))
      (type (;18;) (list string))
      (type (;19;) (list 17))
      (type (;20;) (record (field "name" string) (field "version" u32) (field "wants" 18) (field "emits" 18) (field "views" 18) (field "from" 15) (field "lanes" u32) (field "schemas" 19)))
      (import "import-type-reaction-descriptor" (type (;21;) (eq 20)))
      (import "import-type-reaction-descriptor0" (type (;22;) (eq 21)))
      (type (;23;) (list 22))
      (type (;24;) (func (result 23)))
      (import "import-func-describe" (func (;0;) (type 24)))
      (import "import-type-recorded-event0" (type (;25;) (eq 5)))
      (type (;26;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
      (import "import-type-interest" (type (;27;) (eq 26)))
      (type (;28;) (list 27))
      (import "import-type-fault0" (type (;29;) (eq 13)))
      (type (;30;) (result 28 (error 29)))
      (type (;31;) (func (param "manager" u32) (param "e" 25) (result 30)))
      (import "import-func-interested" (func (;1;) (type 31)))
      (type (;32;) (option 3))
      (import "import-type-outgoing-command0" (type (;33;) (eq 11)))
      (import "import-type-rejection0" (type (;34;) (eq 9)))
      (type (;35;) (record (field "command" 33) (field "reason" 34) (field "cause" 25)))
      (import "import-type-refusal" (type (;36;) (eq 35)))
      (type (;37;) (variant (case "event" 25) (case "refused" 36)))
      (import "import-type-input" (type (;38;) (eq 37)))
      (import "import-type-context0" (type (;39;) (eq 7)))
      (type (;40;) (list 33))
      (type (;41;) (record (field "state" 3) (field "commands" 40) (field "notes" 18) (field "stop" bool)))
      (import "import-type-reaction" (type (;42;) (eq 41)))
      (type (;43;) (result 42 (error 29)))
      (type (;44;) (func (param "manager" u32) (param "process" string) (param "state" 32) (param "what" 38) (param "ctx" 39) (result 43)))
      (import "import-func-react" (func (;2;) (type 44)))
      (export (;45;) "recorded-event" (type 5))
      (export (;46;) "metadata" (type 2))
      (export (;47;) "context" (type 7))
      (export (;48;) "rejection" (type 9))
      (export (;49;) "outgoing-command" (type 11))
      (export (;50;) "fault" (type 13))
      (export (;51;) "start-from" (type 15))
      (export (;52;) "reaction-descriptor" (type 21))
      (export (;53;) "event-schema" (type 17))
      (type (;54;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
      (export (;55;) "interest" (type 54))
      (type (;56;) (record (field "command" 49) (field "reason" 48) (field "cause" 45)))
      (export (;57;) "refusal" (type 56))
      (type (;58;) (variant (case "event" 45) (case "refused" 57)))
      (export (;59;) "input" (type 58))
      (type (;60;) (list 49))
      (type (;61;) (record (field "state" 3) (field "commands" 60) (field "notes" 18) (field "stop" bool)))
      (export (;62;) "reaction" (type 61))
      (type (;63;) (list 52))
      (type (;64;) (func (result 63)))
      (export (;3;) "describe" (func 0) (func (type 64)))
      (type (;65;) (list 55))
      (type (;66;) (result 65 (error 50)))
      (type (;67;) (func (param "manager" u32) (param "e" 45) (result 66)))
      (export (;4;) "interested" (func 1) (func (type 67)))
      (type (;68;) (option 3))
      (type (;69;) (result 62 (error 50)))
      (type (;70;) (func (param "manager" u32) (param "process" string) (param "state" 68) (param "what" 59) (param "ctx" 47) (result 69)))
      (export (;5;) "react" (func 2) (func (type 70)))
    )
    (instance $annals:es/process-managers@0.1.0-shim-instance (;2;) (instantiate $annals:es/process-managers@0.1.0-shim-component
        (with "import-func-describe" (func $describe))
        (with "import-func-interested" (func $"#func3 interested"))
        (with "import-func-react" (func $"#func4 react"))
        (with "import-type-metadata" (type $metadata))
        (with "import-type-recorded-event" (type $"#type7 recorded-event"))
        (with "import-type-context" (type $"#type9 context"))
        (with "import-type-rejection" (type $"#type10 rejection"))
        (with "import-type-outgoing-command" (type $"#type11 outgoing-command"))
        (with "import-type-fault" (type $"#type12 fault"))
        (with "import-type-start-from" (type $start-from))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-reaction-descriptor" (type $reaction-descriptor))
        (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
        (with "import-type-recorded-event0" (type $"#type7 recorded-event"))
        (with "import-type-interest" (type 16))
        (with "import-type-fault0" (type $"#type12 fault"))
        (with "import-type-outgoing-command0" (type $"#type11 outgoing-command"))
        (with "import-type-rejection0" (type $"#type10 rejection"))
        (with "import-type-refusal" (type 17))
        (with "import-type-input" (type 18))
        (with "import-type-context0" (type $"#type9 context"))
        (with "import-type-reaction" (type 22))
      )
    )
    (export $annals:es/process-managers@0.1.0 (;3;) "annals:es/process-managers@0.1.0" (instance $annals:es/process-managers@0.1.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;11;) (instantiate 5
      (with "h0" (instance 10))
      (with "annals:es/types@0.1.0" (instance 2))
    )
  )
  (alias export 3 "annals:es/notifiers@0.1.0" (instance (;12;)))
  (component (;6;)
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
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $recorded-event (;1;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $fault (;2;)))
    (type $ty-h0 (;3;)
      (instance
        (alias outer 1 $recorded-event (type (;0;)))
        (export (;1;) "recorded-event" (type (eq 0)))
        (type (;2;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
        (export (;3;) "delivery" (type (eq 2)))
        (alias outer 1 $fault (type (;4;)))
        (export (;5;) "fault" (type (eq 4)))
        (type (;6;) (result 3 (error 5)))
        (type (;7;) (func (param "notifier" u32) (param "e" 1) (param "attempt" u32) (result 6)))
        (export (;0;) "notify" (func (type 7)))
      )
    )
    (import "h0" (instance $h0 (;1;) (type $ty-h0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32)))
      (type (;1;) (func (param i32 i32)))
      (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;3;) (func (param i32)))
      (type (;4;) (func (result i32)))
      (type (;5;) (func (param i32) (result i32)))
      (import "h0" "notify" (func (;0;) (type 0) (param i32 i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 144)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/notifiers@0.1.0#describe" (func $describe))
      (export "cabi_post_annals:es/notifiers@0.1.0#describe" (func $reset))
      (export "annals:es/notifiers@0.1.0#notify" (func $notify))
      (export "cabi_post_annals:es/notifiers@0.1.0#notify" (func $reset))
      (export "memory" (memory 0))
      (func $handler:mailer (;1;) (type 1) (param i32 i32)
        local.get 0
        local.get 1
        call 0
      )
      (func $cabi_realloc (;2;) (type 2) (param i32 i32 i32 i32) (result i32)
        (local i32)
        global.get 0
        local.get 2
        i32.add
        i32.const 1
        i32.sub
        i32.const 0
        local.get 2
        i32.sub
        i32.and
        local.tee 4
        local.get 3
        i32.add
        global.set 0
        global.get 0
        local.get 4
        i32.lt_u
        if ;; label = @1
          unreachable
        end
        global.get 0
        memory.size
        i32.const 16
        i32.shl
        i32.gt_u
        if ;; label = @1
          global.get 0
          memory.size
          i32.const 16
          i32.shl
          i32.sub
          i32.const 65535
          i32.add
          i32.const 16
          i32.shr_u
          memory.grow
          i32.const -1
          i32.eq
          if ;; label = @2
            unreachable
          end
        end
        local.get 1
        if ;; label = @1
          local.get 4
          local.get 0
          local.get 1
          local.get 3
          local.get 1
          local.get 3
          i32.lt_u
          select
          memory.copy
        end
        local.get 4
      )
      (func $reset (;3;) (type 3) (param i32)
        i32.const 144
        global.set 0
      )
      (func $describe (;4;) (type 4) (result i32)
        i32.const 96
      )
      (func $notify (;5;) (type 5) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            block ;; label = @3
              local.get 2
              br_table 1 (;@2;) 0 (;@3;)
            end
            unreachable
          end
          i32.const 0
          local.set 1
          local.get 0
          local.get 2
          i32.const 0
          i32.sub
          i32.store align=1
          br 0 (;@1;)
        end
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
        i32.const 112
        call $handler:mailer
        i32.const 112
        return
        unreachable
      )
      (data (;0;) (i32.const 16) "mailerAccountOpened\00\16\00\00\00\0d\00\00\00\10\00\00\00\06\00\00\00\01\00\00\00$\00\00\00\01\00\00\00,\00\00\00\00\00\00\00,\00\00\00\00\00\00\00\00\00\00\00\04\00\00\00\10\00\00\00\00\00\00\00,\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core module $wit-component-shim-module (;1;)
      (type (;0;) (func (param i32 i32)))
      (table (;0;) 1 1 funcref)
      (export "0" (func 0))
      (export "$imports" (table 0))
      (func (;0;) (type 0) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 0
        call_indirect (type 0)
      )
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core instance $wit-component-shim-instance (;0;) (instantiate $wit-component-shim-module))
    (alias export $annals:es/types@0.1.0 "recorded-event" (type $"#type4 recorded-event" (@name "recorded-event") (;4;)))
    (alias export $annals:es/types@0.1.0 "metadata" (type $metadata (;5;)))
    (alias export $annals:es/types@0.1.0 "fault" (type $"#type6 fault" (@name "fault") (;6;)))
    (alias export $annals:es/types@0.1.0 "start-from" (type $start-from (;7;)))
    (alias export $annals:es/types@0.1.0 "reaction-descriptor" (type $reaction-descriptor (;8;)))
    (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;9;)))
    (type (;10;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
    (alias core export $wit-component-shim-instance "0" (core func $indirect-h0-notify (;0;)))
    (core instance $h0 (;1;)
      (export "notify" (func $indirect-h0-notify))
    )
    (core instance $main (;2;) (instantiate $main
        (with "h0" (instance $h0))
      )
    )
    (alias core export $main "memory" (core memory $memory (;0;)))
    (core module $wit-component-fixup (;2;)
      (type (;0;) (func (param i32 i32)))
      (import "actual" "0" (func (;0;) (type 0) (param i32 i32)))
      (import "shim" "$imports" (table (;0;) 1 1 funcref))
      (elem (;0;) (i32.const 0) func 0)
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $h0 "notify" (func $notify (;0;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;1;)))
    (core func $"#core-func2 indirect-h0-notify" (@name "indirect-h0-notify") (;2;) (canon lower (func $notify) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (core instance $actual (;3;)
      (export "0" (func $"#core-func2 indirect-h0-notify"))
    )
    (core instance $fixup (;4;) (instantiate $wit-component-fixup
        (with "actual" (instance $actual))
        (with "shim" (instance $wit-component-shim-instance))
      )
    )
    (type (;11;) (list $reaction-descriptor))
    (type (;12;) (func (result 11)))
    (alias core export $main "annals:es/notifiers@0.1.0#describe" (core func $annals:es/notifiers@0.1.0#describe (;3;)))
    (alias core export $main "cabi_post_annals:es/notifiers@0.1.0#describe" (core func $cabi_post_annals:es/notifiers@0.1.0#describe (;4;)))
    (func $describe (;1;) (type 12) (canon lift (core func $annals:es/notifiers@0.1.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/notifiers@0.1.0#describe)))
    (type (;13;) (result 10 (error $"#type6 fault")))
    (type (;14;) (func (param "notifier" u32) (param "e" $"#type4 recorded-event") (param "attempt" u32) (result 13)))
    (alias core export $main "annals:es/notifiers@0.1.0#notify" (core func $annals:es/notifiers@0.1.0#notify (;5;)))
    (alias core export $main "cabi_post_annals:es/notifiers@0.1.0#notify" (core func $cabi_post_annals:es/notifiers@0.1.0#notify (;6;)))
    (func $"#func2 notify" (@name "notify") (;2;) (type 14) (canon lift (core func $annals:es/notifiers@0.1.0#notify) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/notifiers@0.1.0#notify)))
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
    (instance $annals:es/notifiers@0.1.0-shim-instance (;2;) (instantiate $annals:es/notifiers@0.1.0-shim-component
        (with "import-func-describe" (func $describe))
        (with "import-func-notify" (func $"#func2 notify"))
        (with "import-type-metadata" (type $metadata))
        (with "import-type-recorded-event" (type $"#type4 recorded-event"))
        (with "import-type-fault" (type $"#type6 fault"))
        (with "import-type-start-from" (type $start-from))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-reaction-descriptor" (type $reaction-descriptor))
        (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
        (with "import-type-recorded-event0" (type $"#type4 recorded-event"))
        (with "import-type-delivery" (type 10))
        (with "import-type-fault0" (type $"#type6 fault"))
      )
    )
    (export $annals:es/notifiers@0.1.0 (;3;) "annals:es/notifiers@0.1.0" (instance $annals:es/notifiers@0.1.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;13;) (instantiate 6
      (with "h0" (instance 12))
      (with "annals:es/types@0.1.0" (instance 2))
    )
  )
  (alias export 7 "annals:es/deciders@0.1.0" (instance (;14;)))
  (alias export 9 "annals:es/projectors@0.1.0" (instance (;15;)))
  (alias export 11 "annals:es/process-managers@0.1.0" (instance (;16;)))
  (alias export 13 "annals:es/notifiers@0.1.0" (instance (;17;)))
  (export (;18;) "annals:es/deciders@0.1.0" (instance 14))
  (export (;19;) "annals:es/projectors@0.1.0" (instance 15))
  (export (;20;) "annals:es/process-managers@0.1.0" (instance 16))
  (export (;21;) "annals:es/notifiers@0.1.0" (instance 17))
)
