(component
  (type $ty-annals:es/types@0.1.0 (;0;)
    (instance
      (type (;0;) (option string))
      (type (;1;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 0) (field "traceparent" 0)))
      (export (;2;) "metadata" (type (eq 1)))
      (type (;3;) (list u8))
      (type (;4;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 3) (field "metadata" 2)))
      (export (;5;) "recorded-event" (type (eq 4)))
      (type (;6;) (record (field "now" u64) (field "seed" u64) (field "actor" 0)))
      (export (;7;) "context" (type (eq 6)))
      (type (;8;) (record (field "code" string) (field "message" string) (field "details" 0)))
      (export (;9;) "rejection" (type (eq 8)))
      (type (;10;) (record (field "command-type" string) (field "content-type" string) (field "payload" 3)))
      (export (;11;) "outgoing-command" (type (eq 10)))
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
    )
  )
  (import "annals:es/types@0.1.0" (instance $annals:es/types@0.1.0 (;0;) (type $ty-annals:es/types@0.1.0)))
  (core module $main (;0;)
    (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
    (type (;1;) (func))
    (type (;2;) (func (result i32)))
    (type (;3;) (func (param i32) (result i32)))
    (memory (;0;) 2)
    (global $free (;0;) (mut i32) i32.const 240)
    (export "memory" (memory 0))
    (export "cabi_realloc" (func 0))
    (export "effects" (func $effects))
    (export "annals:es/process-managers@0.1.0#describe" (func 2))
    (export "annals:es/process-managers@0.1.0#interested" (func 3))
    (export "annals:es/process-managers@0.1.0#react" (func 4))
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
      i32.const 212
    )
    (func (;3;) (type 3) (param $args i32) (result i32)
      local.get $args
      i32.load
      i32.const 1
      i32.ge_u
      if ;; label = @1
        unreachable
      end
      i32.const 80
      i32.const 0
      i32.store8
      i32.const 84
      local.get $args
      i32.const 16
      i32.add
      i64.load
      i64.store
      i32.const 16
      i32.const 0
      i32.store8
      i32.const 20
      i32.const 80
      i32.store
      i32.const 24
      i32.const 1
      i32.store
      i32.const 16
    )
    (func (;4;) (type 3) (param $args i32) (result i32)
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
      i32.const 20
      local.get $args
      i32.const 4
      i32.add
      i64.load
      i64.store
      i32.const 16
    )
    (data (;0;) (i32.const 16) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00process-manager\00\90\00\00\00\0f\00\00\00\01\00\00\00\a0\00\00\00\00\00\00\00\a0\00\00\00\00\00\00\00\a0\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\90\00\00\00\00\00\00\00\a0\00\00\00\01\00\00\00\dc\00\00\00\00\00\00\00")
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (alias export $annals:es/types@0.1.0 "recorded-event" (type $recorded-event (;1;)))
  (alias export $annals:es/types@0.1.0 "metadata" (type $metadata (;2;)))
  (alias export $annals:es/types@0.1.0 "context" (type $context (;3;)))
  (alias export $annals:es/types@0.1.0 "rejection" (type $rejection (;4;)))
  (alias export $annals:es/types@0.1.0 "outgoing-command" (type $outgoing-command (;5;)))
  (alias export $annals:es/types@0.1.0 "fault" (type $fault (;6;)))
  (alias export $annals:es/types@0.1.0 "start-from" (type $start-from (;7;)))
  (alias export $annals:es/types@0.1.0 "reaction-descriptor" (type $reaction-descriptor (;8;)))
  (alias export $annals:es/types@0.1.0 "event-schema" (type $event-schema (;9;)))
  (type (;10;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
  (type (;11;) (record (field "command" $outgoing-command) (field "reason" $rejection) (field "cause" $recorded-event)))
  (type (;12;) (variant (case "event" $recorded-event) (case "refused" 11)))
  (type (;13;) (list u8))
  (type (;14;) (list $outgoing-command))
  (type (;15;) (list string))
  (type (;16;) (record (field "state" 13) (field "commands" 14) (field "notes" 15) (field "stop" bool)))
  (core instance $main (;0;) (instantiate $main))
  (alias core export $main "memory" (core memory $memory (;0;)))
  (type (;17;) (list $reaction-descriptor))
  (type (;18;) (func (result 17)))
  (alias core export $main "annals:es/process-managers@0.1.0#describe" (core func $annals:es/process-managers@0.1.0#describe (;0;)))
  (func $describe (;0;) (type 18) (canon lift (core func $annals:es/process-managers@0.1.0#describe) (memory $memory) string-encoding=utf8))
  (type (;19;) (list 10))
  (type (;20;) (result 19 (error $fault)))
  (type (;21;) (func (param "manager" u32) (param "e" $recorded-event) (result 20)))
  (alias core export $main "annals:es/process-managers@0.1.0#interested" (core func $annals:es/process-managers@0.1.0#interested (;1;)))
  (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
  (func $interested (;1;) (type 21) (canon lift (core func $annals:es/process-managers@0.1.0#interested) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
  (type (;22;) (option 13))
  (type (;23;) (result 16 (error $fault)))
  (type (;24;) (func (param "manager" u32) (param "process" string) (param "state" 22) (param "what" 12) (param "ctx" $context) (result 23)))
  (alias core export $main "annals:es/process-managers@0.1.0#react" (core func $annals:es/process-managers@0.1.0#react (;3;)))
  (func $react (;2;) (type 24) (canon lift (core func $annals:es/process-managers@0.1.0#react) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
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
  (instance $annals:es/process-managers@0.1.0-shim-instance (;1;) (instantiate $annals:es/process-managers@0.1.0-shim-component
      (with "import-func-describe" (func $describe))
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
      (with "import-type-interest" (type 10))
      (with "import-type-fault0" (type $fault))
      (with "import-type-outgoing-command0" (type $outgoing-command))
      (with "import-type-rejection0" (type $rejection))
      (with "import-type-refusal" (type 11))
      (with "import-type-input" (type 12))
      (with "import-type-context0" (type $context))
      (with "import-type-reaction" (type 16))
    )
  )
  (export $annals:es/process-managers@0.1.0 (;2;) "annals:es/process-managers@0.1.0" (instance $annals:es/process-managers@0.1.0-shim-instance))
  (@producers
    (processed-by "wit-component" "0.262.0")
  )
)
