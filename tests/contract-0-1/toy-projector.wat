(component
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
    (export "annals:es/projectors@0.1.0#describe" (func 2))
    (export "annals:es/projectors@0.1.0#touches" (func 3))
    (export "annals:es/projectors@0.1.0#project" (func 4))
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
      i32.const 220
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
      i32.const 232
      local.get $args
      i32.load
      i32.const 8
      i32.mul
      i32.add
      i64.load
      i64.store
      i32.const 88
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
      i32.const 80
      i32.const 0
      i32.store8
      i32.const 84
      i32.const 232
      local.get $args
      i32.load
      i32.const 8
      i32.mul
      i32.add
      i64.load
      i64.store
      i32.const 92
      local.get $args
      i32.const 16
      i32.add
      i64.load
      i64.store
      i32.const 100
      local.get $args
      i32.const 60
      i32.add
      i64.load
      i64.store
      i32.const 108
      local.get $args
      i32.const 68
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
    (data (;0;) (i32.const 16) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00projector\00\00\00rows\9c\00\00\00\04\00\00\00\90\00\00\00\09\00\00\00\01\00\00\00\9c\00\00\00\00\00\00\00\9c\00\00\00\00\00\00\00\a0\00\00\00\01\00\00\00\00\00\00\00\01\00\00\00\90\00\00\00\00\00\00\00\a8\00\00\00\01\00\00\00rows\e4\00\00\00\04\00\00\00")
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
  (core instance $main (;0;) (instantiate $main))
  (alias core export $main "memory" (core memory $memory (;0;)))
  (type (;10;) (list $reaction-descriptor))
  (type (;11;) (func (result 10)))
  (alias core export $main "annals:es/projectors@0.1.0#describe" (core func $annals:es/projectors@0.1.0#describe (;0;)))
  (func $describe (;0;) (type 11) (canon lift (core func $annals:es/projectors@0.1.0#describe) (memory $memory) string-encoding=utf8))
  (type (;12;) (list $row-key))
  (type (;13;) (result 12 (error $fault)))
  (type (;14;) (func (param "projector" u32) (param "e" $recorded-event) (result 13)))
  (alias core export $main "annals:es/projectors@0.1.0#touches" (core func $annals:es/projectors@0.1.0#touches (;1;)))
  (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
  (func $touches (;1;) (type 14) (canon lift (core func $annals:es/projectors@0.1.0#touches) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
  (type (;15;) (list $row))
  (type (;16;) (list $row-change))
  (type (;17;) (result 16 (error $fault)))
  (type (;18;) (func (param "projector" u32) (param "e" $recorded-event) (param "rows" 15) (result 17)))
  (alias core export $main "annals:es/projectors@0.1.0#project" (core func $annals:es/projectors@0.1.0#project (;3;)))
  (func $project (;2;) (type 18) (canon lift (core func $annals:es/projectors@0.1.0#project) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
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
  (@producers
    (processed-by "wit-component" "0.262.0")
  )
)
