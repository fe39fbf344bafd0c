(component
  (type (;0;)
    (instance
      (type (;0;) (tuple string string))
      (export (;1;) "extension" (type (eq 0)))
      (type (;2;) (list u8))
      (type (;3;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 2)))
      (export (;4;) "command" (type (eq 3)))
      (type (;5;) (option string))
      (type (;6;) (list 1))
      (type (;7;) (record (field "now" u64) (field "seed" u64) (field "actor" 5) (field "extensions" 6)))
      (export (;8;) "context" (type (eq 7)))
      (type (;9;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2)))
      (export (;10;) "event" (type (eq 9)))
      (type (;11;) (list string))
      (type (;12;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2) (field "tags" 11)))
      (export (;13;) "new-event" (type (eq 12)))
      (type (;14;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
      (export (;15;) "precondition" (type (eq 14)))
      (type (;16;) (record (field "code" string) (field "message" string) (field "details" 5)))
      (export (;17;) "rejection" (type (eq 16)))
      (type (;18;) (record (field "message" string) (field "at" 5)))
      (export (;19;) "malformed" (type (eq 18)))
      (type (;20;) (record (field "message" string)))
      (export (;21;) "fault" (type (eq 20)))
      (type (;22;) (variant (case "malformed" 19) (case "rejected" 17) (case "failed" 21)))
      (export (;23;) "decide-error" (type (eq 22)))
      (type (;24;) (list 13))
      (type (;25;) (record (field "events" 24) (field "close" bool)))
      (export (;26;) "decision" (type (eq 25)))
      (type (;27;) (record (field "command-type" string) (field "precondition" 15) (field "schema" 5) (field "internal" bool)))
      (export (;28;) "command-spec" (type (eq 27)))
      (type (;29;) (record (field "event-type" string) (field "version" u32) (field "schema" 5)))
      (export (;30;) "event-schema" (type (eq 29)))
      (type (;31;) (list 28))
      (type (;32;) (list 30))
      (type (;33;) (tuple string string))
      (type (;34;) (list 33))
      (type (;35;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 31) (field "emits" 11) (field "folds" 11) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 32) (field "annotations" 34)))
      (export (;36;) "decider-descriptor" (type (eq 35)))
      (type (;37;) (option string))
      (type (;38;) (list 1))
      (type (;39;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 37) (field "traceparent" 37) (field "extensions" 38)))
      (export (;40;) "metadata" (type (eq 39)))
      (type (;41;) (list u8))
      (type (;42;) (list string))
      (type (;43;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 41) (field "tags" 42) (field "metadata" 40)))
      (export (;44;) "recorded-event" (type (eq 43)))
      (type (;45;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 41)))
      (export (;46;) "row" (type (eq 45)))
      (type (;47;) (record (field "view" string) (field "key" string)))
      (export (;48;) "row-key" (type (eq 47)))
      (type (;49;) (record (field "index" u32) (field "fault" 21)))
      (export (;50;) "page-fault" (type (eq 49)))
      (type (;51;) (enum "origin" "now"))
      (export (;52;) "start-from" (type (eq 51)))
      (type (;53;) (list 30))
      (type (;54;) (tuple string string))
      (type (;55;) (list 54))
      (type (;56;) (record (field "name" string) (field "version" u32) (field "event-types" 42) (field "emits" 42) (field "views" 42) (field "start" 52) (field "concurrency" u32) (field "schemas" 53) (field "annotations" 55)))
      (export (;57;) "reaction-descriptor" (type (eq 56)))
      (type (;58;) (list u8))
      (type (;59;) (option u64))
      (type (;60;) (option string))
      (type (;61;) (record (field "command-type" string) (field "content-type" string) (field "payload" 58) (field "deliver-at" 59) (field "name" 60)))
      (export (;62;) "outgoing-command" (type (eq 61)))
    )
  )
  (import "annals:es/types@0.2.0" (instance (;0;) (type 0)))
  (component (;0;)
    (type $ty-annals:es/types@0.2.0 (;0;)
      (instance
        (type (;0;) (tuple string string))
        (export (;1;) "extension" (type (eq 0)))
        (type (;2;) (list u8))
        (type (;3;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 2)))
        (export (;4;) "command" (type (eq 3)))
        (type (;5;) (option string))
        (type (;6;) (list 1))
        (type (;7;) (record (field "now" u64) (field "seed" u64) (field "actor" 5) (field "extensions" 6)))
        (export (;8;) "context" (type (eq 7)))
        (type (;9;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2)))
        (export (;10;) "event" (type (eq 9)))
        (type (;11;) (list string))
        (type (;12;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2) (field "tags" 11)))
        (export (;13;) "new-event" (type (eq 12)))
        (type (;14;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
        (export (;15;) "precondition" (type (eq 14)))
        (type (;16;) (record (field "code" string) (field "message" string) (field "details" 5)))
        (export (;17;) "rejection" (type (eq 16)))
        (type (;18;) (record (field "message" string) (field "at" 5)))
        (export (;19;) "malformed" (type (eq 18)))
        (type (;20;) (record (field "message" string)))
        (export (;21;) "fault" (type (eq 20)))
        (type (;22;) (variant (case "malformed" 19) (case "rejected" 17) (case "failed" 21)))
        (export (;23;) "decide-error" (type (eq 22)))
        (type (;24;) (list 13))
        (type (;25;) (record (field "events" 24) (field "close" bool)))
        (export (;26;) "decision" (type (eq 25)))
        (type (;27;) (record (field "command-type" string) (field "precondition" 15) (field "schema" 5) (field "internal" bool)))
        (export (;28;) "command-spec" (type (eq 27)))
        (type (;29;) (record (field "event-type" string) (field "version" u32) (field "schema" 5)))
        (export (;30;) "event-schema" (type (eq 29)))
        (type (;31;) (list 28))
        (type (;32;) (list 30))
        (type (;33;) (tuple string string))
        (type (;34;) (list 33))
        (type (;35;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 31) (field "emits" 11) (field "folds" 11) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 32) (field "annotations" 34)))
        (export (;36;) "decider-descriptor" (type (eq 35)))
      )
    )
    (import "annals:es/types@0.2.0" (instance $annals:es/types@0.2.0 (;0;) (type $ty-annals:es/types@0.2.0)))
    (core module $main (;0;)
      (type (;0;) (func))
      (type (;1;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;2;) (func (result i32)))
      (type (;3;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (type (;4;) (func (param i32) (result i32)))
      (type (;5;) (func (param i32 i32 i32) (result i32)))
      (memory (;0;) 2)
      (export "keep" (func 0))
      (export "memory" (memory 0))
      (export "cabi_realloc" (func 1))
      (export "annals:es/deciders@0.2.0#describe" (func 2))
      (export "annals:es/deciders@0.2.0#stream-id" (func 3))
      (export "annals:es/deciders@0.2.0#[constructor]session" (func 4))
      (export "annals:es/deciders@0.2.0#[static]session.restore" (func 5))
      (export "annals:es/deciders@0.2.0#[method]session.evolve" (func 6))
      (export "annals:es/deciders@0.2.0#[method]session.decide" (func 7))
      (export "annals:es/deciders@0.2.0#[method]session.snapshot" (func 8))
      (func (;0;) (type 0))
      (func (;1;) (type 1) (param i32 i32 i32 i32) (result i32)
        unreachable
      )
      (func (;2;) (type 2) (result i32)
        i32.const 204
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
      (func (;7;) (type 4) (param i32) (result i32)
        unreachable
      )
      (func (;8;) (type 4) (param i32) (result i32)
        unreachable
      )
      (data (;0;) (i32.const 16) "OpenAccount\00\00\00\00\00\10\00\00\00\0b\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\001.0.0accountAccountOpened\00\00\00T\00\00\00\0d\00\00\00AccountOpened\00\00\00l\00\00\00\0d\00\00\00H\00\00\00\00\00\00\00H\00\00\00\05\00\00\00M\00\00\00\07\00\00\00 \00\00\00\01\00\00\00d\00\00\00\01\00\00\00|\00\00\00\01\00\00\00\00\00\00\00\01\00\00\00H\00\00\00\00\00\00\00H\00\00\00\00\00\00\00\84\00\00\00\01\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $annals:es/types@0.2.0 "extension" (type $extension (;1;)))
    (alias export $annals:es/types@0.2.0 "command" (type $command (;2;)))
    (alias export $annals:es/types@0.2.0 "context" (type $context (;3;)))
    (alias export $annals:es/types@0.2.0 "event" (type $event (;4;)))
    (alias export $annals:es/types@0.2.0 "new-event" (type $new-event (;5;)))
    (alias export $annals:es/types@0.2.0 "precondition" (type $precondition (;6;)))
    (alias export $annals:es/types@0.2.0 "rejection" (type $rejection (;7;)))
    (alias export $annals:es/types@0.2.0 "malformed" (type $malformed (;8;)))
    (alias export $annals:es/types@0.2.0 "fault" (type $fault (;9;)))
    (alias export $annals:es/types@0.2.0 "decide-error" (type $decide-error (;10;)))
    (alias export $annals:es/types@0.2.0 "decision" (type $decision (;11;)))
    (alias export $annals:es/types@0.2.0 "command-spec" (type $command-spec (;12;)))
    (alias export $annals:es/types@0.2.0 "decider-descriptor" (type $decider-descriptor (;13;)))
    (alias export $annals:es/types@0.2.0 "event-schema" (type $event-schema (;14;)))
    (type $session (;15;) (resource (rep i32)))
    (core instance $main (;0;) (instantiate $main))
    (alias core export $main "memory" (core memory $memory (;0;)))
    (type (;16;) (own $session))
    (type (;17;) (func (param "decider" u32) (result 16)))
    (alias core export $main "annals:es/deciders@0.2.0#[constructor]session" (core func $"annals:es/deciders@0.2.0#[constructor]session" (;0;)))
    (func $"[constructor]session" (;0;) (type 17) (canon lift (core func $"annals:es/deciders@0.2.0#[constructor]session")))
    (type (;18;) (list u8))
    (type (;19;) (result 16 (error $fault)))
    (type (;20;) (func (param "decider" u32) (param "state" 18) (result 19)))
    (alias core export $main "annals:es/deciders@0.2.0#[static]session.restore" (core func $"annals:es/deciders@0.2.0#[static]session.restore" (;1;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;2;)))
    (func $"[static]session.restore" (;1;) (type 20) (canon lift (core func $"annals:es/deciders@0.2.0#[static]session.restore") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;21;) (borrow $session))
    (type (;22;) (list $event))
    (type (;23;) (result (error $fault)))
    (type (;24;) (func (param "self" 21) (param "events" 22) (result 23)))
    (alias core export $main "annals:es/deciders@0.2.0#[method]session.evolve" (core func $"annals:es/deciders@0.2.0#[method]session.evolve" (;3;)))
    (func $"[method]session.evolve" (;2;) (type 24) (canon lift (core func $"annals:es/deciders@0.2.0#[method]session.evolve") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;25;) (result $decision (error $decide-error)))
    (type (;26;) (func (param "self" 21) (param "events" 22) (param "command" $command) (param "context" $context) (result 25)))
    (alias core export $main "annals:es/deciders@0.2.0#[method]session.decide" (core func $"annals:es/deciders@0.2.0#[method]session.decide" (;4;)))
    (func $"[method]session.decide" (;3;) (type 26) (canon lift (core func $"annals:es/deciders@0.2.0#[method]session.decide") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (type (;27;) (option 18))
    (type (;28;) (func (param "self" 21) (result 27)))
    (alias core export $main "annals:es/deciders@0.2.0#[method]session.snapshot" (core func $"annals:es/deciders@0.2.0#[method]session.snapshot" (;5;)))
    (func $"[method]session.snapshot" (;4;) (type 28) (canon lift (core func $"annals:es/deciders@0.2.0#[method]session.snapshot") (memory $memory)))
    (type (;29;) (list $decider-descriptor))
    (type (;30;) (func (result 29)))
    (alias core export $main "annals:es/deciders@0.2.0#describe" (core func $annals:es/deciders@0.2.0#describe (;6;)))
    (func $describe (;5;) (type 30) (canon lift (core func $annals:es/deciders@0.2.0#describe) (memory $memory) string-encoding=utf8))
    (type (;31;) (result string (error $decide-error)))
    (type (;32;) (func (param "decider" u32) (param "command" $command) (result 31)))
    (alias core export $main "annals:es/deciders@0.2.0#stream-id" (core func $annals:es/deciders@0.2.0#stream-id (;7;)))
    (func $stream-id (;6;) (type 32) (canon lift (core func $annals:es/deciders@0.2.0#stream-id) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
    (component $annals:es/deciders@0.2.0-shim-component (;0;)
      (type (;0;) (tuple string string))
      (import "import-type-extension" (type (;1;) (eq 0)))
      (type (;2;) (list u8))
      (type (;3;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 2)))
      (import "import-type-command" (type (;4;) (eq 3)))
      (type (;5;) (option string))
      (type (;6;) (list 1))
      (type (;7;) (record (field "now" u64) (field "seed" u64) (field "actor" 5) (field "extensions" 6)))
      (import "import-type-context" (type (;8;) (eq 7)))
      (type (;9;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2)))
      (import "import-type-event" (type (;10;) (eq 9)))
      (type (;11;) (list string))
      (type (;12;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2) (field "tags" 11)))
      (import "import-type-new-event" (type (;13;) (eq 12)))
      (type (;14;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
      (import "import-type-precondition" (type (;15;) (eq 14)))
      (type (;16;) (record (field "code" string) (field "message" string) (field "details" 5)))
      (import "import-type-rejection" (type (;17;) (eq 16)))
      (type (;18;) (record (field "message" string) (field "at" 5)))
      (import "import-type-malformed" (type (;19;) (eq 18)))
      (type (;20;) (record (field "message" string)))
      (import "import-type-fault" (type (;21;) (eq 20)))
      (type (;22;) (variant (case "malformed" 19) (case "rejected" 17) (case "failed" 21)))
      (import "import-type-decide-error" (type (;23;) (eq 22)))
      (type (;24;) (list 13))
      (type (;25;) (record (field "events" 24) (field "close" bool)))
      (import "import-type-decision" (type (;26;) (eq 25)))
      (type (;27;) (record (field "command-type" string) (field "precondition" 15) (field "schema" 5) (field "internal" bool)))
      (import "import-type-command-spec" (type (;28;) (eq 27)))
      (type (;29;) (record (field "event-type" string) (field "version" u32) (field "schema" 5)))
      (import "import-type-event-schema" (type (;30;) (eq 29)))
      (type (;31;) (list 28))
      (type (;32;) (list 30))
      (type (;33;) (tuple string string))
      (type (;34;) (list 33))
      (type (;35;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 31) (field "emits" 11) (field "folds" 11) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 32) (field "annotations" 34)))
      (import "import-type-decider-descriptor" (type (;36;) (eq 35)))
      (import "import-type-session" (type (;37;) (sub resource)))
      (type (;38;) (own 37))
      (type (;39;) (func (param "decider" u32) (result 38)))
      (import "import-constructor-session" (func (;0;) (type 39)))
      (import "import-type-fault0" (type (;40;) (eq 21)))
      (type (;41;) (result 38 (error 40)))
      (type (;42;) (func (param "decider" u32) (param "state" 2) (result 41)))
      (import "import-static-session-restore" (func (;1;) (type 42)))
      (type (;43;) (borrow 37))
      (import "import-type-event0" (type (;44;) (eq 10)))
      (type (;45;) (list 44))
      (type (;46;) (result (error 40)))
      (type (;47;) (func (param "self" 43) (param "events" 45) (result 46)))
      (import "import-method-session-evolve" (func (;2;) (type 47)))
      (import "import-type-command0" (type (;48;) (eq 4)))
      (import "import-type-context0" (type (;49;) (eq 8)))
      (import "import-type-decision0" (type (;50;) (eq 26)))
      (import "import-type-decide-error0" (type (;51;) (eq 23)))
      (type (;52;) (result 50 (error 51)))
      (type (;53;) (func (param "self" 43) (param "events" 45) (param "command" 48) (param "context" 49) (result 52)))
      (import "import-method-session-decide" (func (;3;) (type 53)))
      (type (;54;) (option 2))
      (type (;55;) (func (param "self" 43) (result 54)))
      (import "import-method-session-snapshot" (func (;4;) (type 55)))
      (import "import-type-decider-descriptor0" (type (;56;) (eq 36)))
      (type (;57;) (list 56))
      (type (;58;) (func (result 57)))
      (import "import-func-describe" (func (;5;) (type 58)))
      (type (;59;) (result string (error 51)))
      (type (;60;) (func (param "decider" u32) (param "command" 48) (result 59)))
      (import "import-func-stream-id" (func (;6;) (type 60)))
      (export (;61;) "extension" (type 1))
      (export (;62;) "command" (type 4))
      (export (;63;) "context" (type 8))
      (export (;64;) "event" (type 10))
      (export (;65;) "new-event" (type 13))
      (export (;66;) "precondition" (type 15))
      (export (;67;) "rejection" (type 17))
      (export (;68;) "malformed" (type 19))
      (export (;69;) "fault" (type 21))
      (export (;70;) "decide-error" (type 23))
      (export (;71;) "decision" (type 26))
      (export (;72;) "command-spec" (type 28))
      (export (;73;) "decider-descriptor" (type 36))
      (export (;74;) "event-schema" (type 30))
      (export (;75;) "session" (type 37))
      (type (;76;) (own 75))
      (type (;77;) (func (param "decider" u32) (result 76)))
      (export (;7;) "[constructor]session" (func 0) (func (type 77)))
      (type (;78;) (result 76 (error 69)))
      (type (;79;) (func (param "decider" u32) (param "state" 2) (result 78)))
      (export (;8;) "[static]session.restore" (func 1) (func (type 79)))
      (type (;80;) (borrow 75))
      (type (;81;) (list 64))
      (type (;82;) (result (error 69)))
      (type (;83;) (func (param "self" 80) (param "events" 81) (result 82)))
      (export (;9;) "[method]session.evolve" (func 2) (func (type 83)))
      (type (;84;) (result 71 (error 70)))
      (type (;85;) (func (param "self" 80) (param "events" 81) (param "command" 62) (param "context" 63) (result 84)))
      (export (;10;) "[method]session.decide" (func 3) (func (type 85)))
      (type (;86;) (option 2))
      (type (;87;) (func (param "self" 80) (result 86)))
      (export (;11;) "[method]session.snapshot" (func 4) (func (type 87)))
      (type (;88;) (list 73))
      (type (;89;) (func (result 88)))
      (export (;12;) "describe" (func 5) (func (type 89)))
      (type (;90;) (result string (error 70)))
      (type (;91;) (func (param "decider" u32) (param "command" 62) (result 90)))
      (export (;13;) "stream-id" (func 6) (func (type 91)))
    )
    (instance $annals:es/deciders@0.2.0-shim-instance (;1;) (instantiate $annals:es/deciders@0.2.0-shim-component
        (with "import-constructor-session" (func $"[constructor]session"))
        (with "import-static-session-restore" (func $"[static]session.restore"))
        (with "import-method-session-evolve" (func $"[method]session.evolve"))
        (with "import-method-session-decide" (func $"[method]session.decide"))
        (with "import-method-session-snapshot" (func $"[method]session.snapshot"))
        (with "import-func-describe" (func $describe))
        (with "import-func-stream-id" (func $stream-id))
        (with "import-type-extension" (type $extension))
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
    (export $annals:es/deciders@0.2.0 (;2;) "annals:es/deciders@0.2.0" (instance $annals:es/deciders@0.2.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;1;) (instantiate 0
      (with "annals:es/types@0.2.0" (instance 0))
    )
  )
  (alias export 1 "annals:es/deciders@0.2.0" (instance (;2;)))
  (component (;1;)
    (type $ty-annals:es/types@0.2.0 (;0;)
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
        (type (;14;) (tuple string string))
        (export (;15;) "extension" (type (eq 14)))
        (type (;16;) (list 15))
        (type (;17;) (record (field "now" u64) (field "seed" u64) (field "actor" 3) (field "extensions" 16)))
        (export (;18;) "context" (type (eq 17)))
        (type (;19;) (list string))
        (type (;20;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 0) (field "tags" 19)))
        (export (;21;) "new-event" (type (eq 20)))
        (type (;22;) (list 21))
        (type (;23;) (record (field "events" 22) (field "close" bool)))
        (export (;24;) "decision" (type (eq 23)))
        (type (;25;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
        (export (;26;) "precondition" (type (eq 25)))
        (type (;27;) (record (field "command-type" string) (field "precondition" 26) (field "schema" 3) (field "internal" bool)))
        (export (;28;) "command-spec" (type (eq 27)))
        (type (;29;) (record (field "event-type" string) (field "version" u32) (field "schema" 3)))
        (export (;30;) "event-schema" (type (eq 29)))
        (type (;31;) (list 28))
        (type (;32;) (list 30))
        (type (;33;) (tuple string string))
        (type (;34;) (list 33))
        (type (;35;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 31) (field "emits" 19) (field "folds" 19) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 32) (field "annotations" 34)))
        (export (;36;) "decider-descriptor" (type (eq 35)))
      )
    )
    (import "annals:es/types@0.2.0" (instance $annals:es/types@0.2.0 (;0;) (type $ty-annals:es/types@0.2.0)))
    (alias export $annals:es/types@0.2.0 "command" (type $command (;1;)))
    (alias export $annals:es/types@0.2.0 "decide-error" (type $decide-error (;2;)))
    (alias export $annals:es/types@0.2.0 "fault" (type $fault (;3;)))
    (alias export $annals:es/types@0.2.0 "event" (type $event (;4;)))
    (alias export $annals:es/types@0.2.0 "context" (type $context (;5;)))
    (alias export $annals:es/types@0.2.0 "decision" (type $decision (;6;)))
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
        (type (;23;) (func (param "self" 18) (param "events" 19) (param "command" 1) (param "context" 10) (result 22)))
        (export (;3;) "[method]session.decide" (func (type 23)))
        (type (;24;) (option 15))
        (type (;25;) (func (param "self" 18) (result 24)))
        (export (;4;) "[method]session.snapshot" (func (type 25)))
        (type (;26;) (result string (error 3)))
        (type (;27;) (func (param "decider" u32) (param "command" 1) (result 26)))
        (export (;5;) "stream-id" (func (type 27)))
      )
    )
    (import "h0" (instance $h0 (;1;) (type $ty-h0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;1;) (func (param i32) (result i32)))
      (type (;2;) (func (param i32 i32 i32 i32)))
      (type (;3;) (func (param i32 i32 i32 i32)))
      (type (;4;) (func (param i32 i32)))
      (type (;5;) (func (param i32 i32)))
      (type (;6;) (func (param i32)))
      (type (;7;) (func (param i32) (result i32)))
      (type (;8;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;9;) (func (param i32) (result i32)))
      (type (;10;) (func (param i32 i32 i32 i32)))
      (type (;11;) (func (param i32 i32 i32 i32)))
      (type (;12;) (func (param i32 i32)))
      (type (;13;) (func (param i32 i32)))
      (type (;14;) (func (param i32)))
      (type (;15;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;16;) (func (param i32)))
      (type (;17;) (func (result i32)))
      (type (;18;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (type (;19;) (func (param i32) (result i32)))
      (type (;20;) (func (param i32 i32 i32) (result i32)))
      (type (;21;) (func (param i32 i32 i32) (result i32)))
      (type (;22;) (func (param i32) (result i32)))
      (type (;23;) (func (param i32) (result i32)))
      (type (;24;) (func (param i32)))
      (import "h0" "stream-id" (func (;0;) (type 0) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (import "h0" "[constructor]session" (func (;1;) (type 1) (param i32) (result i32)))
      (import "h0" "[static]session.restore" (func (;2;) (type 2) (param i32 i32 i32 i32)))
      (import "h0" "[method]session.evolve" (func (;3;) (type 3) (param i32 i32 i32 i32)))
      (import "h0" "[method]session.decide" (func (;4;) (type 4) (param i32 i32)))
      (import "h0" "[method]session.snapshot" (func (;5;) (type 5) (param i32 i32)))
      (import "h0" "[resource-drop]session" (func (;6;) (type 6) (param i32)))
      (import "[export]annals:es/deciders@0.2.0" "[resource-new]session" (func (;7;) (type 7) (param i32) (result i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 272)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/deciders@0.2.0#describe" (func $describe))
      (export "cabi_post_annals:es/deciders@0.2.0#describe" (func $reset))
      (export "annals:es/deciders@0.2.0#stream-id" (func $stream-id))
      (export "cabi_post_annals:es/deciders@0.2.0#stream-id" (func $reset))
      (export "annals:es/deciders@0.2.0#[constructor]session" (func $"[constructor]session"))
      (export "annals:es/deciders@0.2.0#[static]session.restore" (func $"[static]session.restore"))
      (export "cabi_post_annals:es/deciders@0.2.0#[static]session.restore" (func $reset))
      (export "annals:es/deciders@0.2.0#[method]session.evolve" (func $"[method]session.evolve"))
      (export "cabi_post_annals:es/deciders@0.2.0#[method]session.evolve" (func $reset))
      (export "annals:es/deciders@0.2.0#[method]session.decide" (func $"[method]session.decide"))
      (export "cabi_post_annals:es/deciders@0.2.0#[method]session.decide" (func $reset))
      (export "annals:es/deciders@0.2.0#[method]session.snapshot" (func $"[method]session.snapshot"))
      (export "cabi_post_annals:es/deciders@0.2.0#[method]session.snapshot" (func $reset))
      (export "annals:es/deciders@0.2.0#[dtor]session" (func $"[dtor]session"))
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
      (func $"#func12 handler:open-account" (@name "handler:open-account") (;12;) (type 12) (param i32 i32)
        local.get 0
        local.get 1
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
        i32.const 216
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
      (func $"[method]session.decide" (;22;) (type 22) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.tee 2
        i32.const 127
        i32.and
        local.set 1
        local.get 0
        local.get 2
        i32.const 7
        i32.shr_u
        i32.store align=1
        block ;; label = @1
          block ;; label = @2
            local.get 1
            br_table 1 (;@1;) 0 (;@2;)
          end
          unreachable
        end
        local.get 0
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
      (data (;0;) (i32.const 16) "OpenAccount\00\00\00\00\00\10\00\00\00\0b\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00open-account1.0.0accountAccountOpened\00\00\00`\00\00\00\0d\00\00\00AccountOpened\00\00\00x\00\00\00\0d\00\00\00H\00\00\00\0c\00\00\00T\00\00\00\05\00\00\00Y\00\00\00\07\00\00\00 \00\00\00\01\00\00\00p\00\00\00\01\00\00\00\88\00\00\00\01\00\00\00d\00\00\00\01\00\00\00H\00\00\00\00\00\00\00H\00\00\00\00\00\00\00\90\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core module $wit-component-shim-module (;1;)
      (type (;0;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;1;) (func (param i32 i32 i32 i32)))
      (type (;2;) (func (param i32 i32)))
      (type (;3;) (func (param i32)))
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
      (func (;3;) (type 2) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 3
        call_indirect (type 2)
      )
      (func (;4;) (type 2) (param i32 i32)
        local.get 0
        local.get 1
        i32.const 4
        call_indirect (type 2)
      )
      (func (;5;) (type 3) (param i32)
        local.get 0
        i32.const 5
        call_indirect (type 3)
      )
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (core instance $wit-component-shim-instance (;0;) (instantiate $wit-component-shim-module))
    (alias export $annals:es/types@0.2.0 "extension" (type $extension (;8;)))
    (alias export $annals:es/types@0.2.0 "command" (type $"#type9 command" (@name "command") (;9;)))
    (alias export $annals:es/types@0.2.0 "context" (type $"#type10 context" (@name "context") (;10;)))
    (alias export $annals:es/types@0.2.0 "event" (type $"#type11 event" (@name "event") (;11;)))
    (alias export $annals:es/types@0.2.0 "new-event" (type $new-event (;12;)))
    (alias export $annals:es/types@0.2.0 "precondition" (type $precondition (;13;)))
    (alias export $annals:es/types@0.2.0 "rejection" (type $rejection (;14;)))
    (alias export $annals:es/types@0.2.0 "malformed" (type $malformed (;15;)))
    (alias export $annals:es/types@0.2.0 "fault" (type $"#type16 fault" (@name "fault") (;16;)))
    (alias export $annals:es/types@0.2.0 "decide-error" (type $"#type17 decide-error" (@name "decide-error") (;17;)))
    (alias export $annals:es/types@0.2.0 "decision" (type $"#type18 decision" (@name "decision") (;18;)))
    (alias export $annals:es/types@0.2.0 "command-spec" (type $command-spec (;19;)))
    (alias export $annals:es/types@0.2.0 "decider-descriptor" (type $decider-descriptor (;20;)))
    (alias export $annals:es/types@0.2.0 "event-schema" (type $event-schema (;21;)))
    (alias core export $wit-component-shim-instance "5" (core func $dtor-session (;0;)))
    (type $session (;22;) (resource (rep i32) (dtor $dtor-session)))
    (alias core export $wit-component-shim-instance "0" (core func $indirect-h0-stream-id (;1;)))
    (alias export $h0 "[constructor]session" (func $"[constructor]session" (;0;)))
    (core func $"[constructor]session" (;2;) (canon lower (func $"[constructor]session")))
    (alias core export $wit-component-shim-instance "1" (core func $"indirect-h0-[static]session.restore" (;3;)))
    (alias core export $wit-component-shim-instance "2" (core func $"indirect-h0-[method]session.evolve" (;4;)))
    (alias core export $wit-component-shim-instance "3" (core func $"indirect-h0-[method]session.decide" (;5;)))
    (alias core export $wit-component-shim-instance "4" (core func $"indirect-h0-[method]session.snapshot" (;6;)))
    (alias export $h0 "session" (type $"#type23 session" (@name "session") (;23;)))
    (core func $resource.drop (;7;) (canon resource.drop $"#type23 session"))
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
    (core instance $"[export]annals:es/deciders@0.2.0" (;2;)
      (export "[resource-new]session" (func $resource.new))
    )
    (core instance $main (;3;) (instantiate $main
        (with "h0" (instance $h0))
        (with "[export]annals:es/deciders@0.2.0" (instance $"[export]annals:es/deciders@0.2.0"))
      )
    )
    (alias core export $main "memory" (core memory $memory (;0;)))
    (core module $wit-component-fixup (;2;)
      (type (;0;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (type (;1;) (func (param i32 i32 i32 i32)))
      (type (;2;) (func (param i32 i32)))
      (type (;3;) (func (param i32)))
      (import "actual" "0" (func (;0;) (type 0) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
      (import "actual" "1" (func (;1;) (type 1) (param i32 i32 i32 i32)))
      (import "actual" "2" (func (;2;) (type 1) (param i32 i32 i32 i32)))
      (import "actual" "3" (func (;3;) (type 2) (param i32 i32)))
      (import "actual" "4" (func (;4;) (type 2) (param i32 i32)))
      (import "actual" "5" (func (;5;) (type 3) (param i32)))
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
    (alias core export $main "annals:es/deciders@0.2.0#[dtor]session" (core func $"annals:es/deciders@0.2.0#[dtor]session" (;15;)))
    (core instance $actual (;4;)
      (export "0" (func $"#core-func10 indirect-h0-stream-id"))
      (export "1" (func $"#core-func11 indirect-h0-[static]session.restore"))
      (export "2" (func $"#core-func12 indirect-h0-[method]session.evolve"))
      (export "3" (func $"#core-func13 indirect-h0-[method]session.decide"))
      (export "4" (func $"#core-func14 indirect-h0-[method]session.snapshot"))
      (export "5" (func $"annals:es/deciders@0.2.0#[dtor]session"))
    )
    (core instance $fixup (;5;) (instantiate $wit-component-fixup
        (with "actual" (instance $actual))
        (with "shim" (instance $wit-component-shim-instance))
      )
    )
    (type (;24;) (own $session))
    (type (;25;) (func (param "decider" u32) (result 24)))
    (alias core export $main "annals:es/deciders@0.2.0#[constructor]session" (core func $"annals:es/deciders@0.2.0#[constructor]session" (;16;)))
    (func $"#func6 [constructor]session" (@name "[constructor]session") (;6;) (type 25) (canon lift (core func $"annals:es/deciders@0.2.0#[constructor]session")))
    (type (;26;) (list u8))
    (type (;27;) (result 24 (error $"#type16 fault")))
    (type (;28;) (func (param "decider" u32) (param "state" 26) (result 27)))
    (alias core export $main "annals:es/deciders@0.2.0#[static]session.restore" (core func $"annals:es/deciders@0.2.0#[static]session.restore" (;17;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.2.0#[static]session.restore" (core func $"cabi_post_annals:es/deciders@0.2.0#[static]session.restore" (;18;)))
    (func $"#func7 [static]session.restore" (@name "[static]session.restore") (;7;) (type 28) (canon lift (core func $"annals:es/deciders@0.2.0#[static]session.restore") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $"cabi_post_annals:es/deciders@0.2.0#[static]session.restore")))
    (type (;29;) (borrow $session))
    (type (;30;) (list $"#type11 event"))
    (type (;31;) (result (error $"#type16 fault")))
    (type (;32;) (func (param "self" 29) (param "events" 30) (result 31)))
    (alias core export $main "annals:es/deciders@0.2.0#[method]session.evolve" (core func $"annals:es/deciders@0.2.0#[method]session.evolve" (;19;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.2.0#[method]session.evolve" (core func $"cabi_post_annals:es/deciders@0.2.0#[method]session.evolve" (;20;)))
    (func $"#func8 [method]session.evolve" (@name "[method]session.evolve") (;8;) (type 32) (canon lift (core func $"annals:es/deciders@0.2.0#[method]session.evolve") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $"cabi_post_annals:es/deciders@0.2.0#[method]session.evolve")))
    (type (;33;) (result $"#type18 decision" (error $"#type17 decide-error")))
    (type (;34;) (func (param "self" 29) (param "events" 30) (param "command" $"#type9 command") (param "context" $"#type10 context") (result 33)))
    (alias core export $main "annals:es/deciders@0.2.0#[method]session.decide" (core func $"annals:es/deciders@0.2.0#[method]session.decide" (;21;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.2.0#[method]session.decide" (core func $"cabi_post_annals:es/deciders@0.2.0#[method]session.decide" (;22;)))
    (func $"#func9 [method]session.decide" (@name "[method]session.decide") (;9;) (type 34) (canon lift (core func $"annals:es/deciders@0.2.0#[method]session.decide") (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $"cabi_post_annals:es/deciders@0.2.0#[method]session.decide")))
    (type (;35;) (option 26))
    (type (;36;) (func (param "self" 29) (result 35)))
    (alias core export $main "annals:es/deciders@0.2.0#[method]session.snapshot" (core func $"annals:es/deciders@0.2.0#[method]session.snapshot" (;23;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.2.0#[method]session.snapshot" (core func $"cabi_post_annals:es/deciders@0.2.0#[method]session.snapshot" (;24;)))
    (func $"#func10 [method]session.snapshot" (@name "[method]session.snapshot") (;10;) (type 36) (canon lift (core func $"annals:es/deciders@0.2.0#[method]session.snapshot") (memory $memory) (post-return $"cabi_post_annals:es/deciders@0.2.0#[method]session.snapshot")))
    (type (;37;) (list $decider-descriptor))
    (type (;38;) (func (result 37)))
    (alias core export $main "annals:es/deciders@0.2.0#describe" (core func $annals:es/deciders@0.2.0#describe (;25;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.2.0#describe" (core func $cabi_post_annals:es/deciders@0.2.0#describe (;26;)))
    (func $describe (;11;) (type 38) (canon lift (core func $annals:es/deciders@0.2.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/deciders@0.2.0#describe)))
    (type (;39;) (result string (error $"#type17 decide-error")))
    (type (;40;) (func (param "decider" u32) (param "command" $"#type9 command") (result 39)))
    (alias core export $main "annals:es/deciders@0.2.0#stream-id" (core func $annals:es/deciders@0.2.0#stream-id (;27;)))
    (alias core export $main "cabi_post_annals:es/deciders@0.2.0#stream-id" (core func $cabi_post_annals:es/deciders@0.2.0#stream-id (;28;)))
    (func $"#func12 stream-id" (@name "stream-id") (;12;) (type 40) (canon lift (core func $annals:es/deciders@0.2.0#stream-id) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/deciders@0.2.0#stream-id)))
    (component $annals:es/deciders@0.2.0-shim-component (;0;)
      (type (;0;) (tuple string string))
      (import "import-type-extension" (type (;1;) (eq 0)))
      (type (;2;) (list u8))
      (type (;3;) (record (field "id" string) (field "command-type" string) (field "content-type" string) (field "payload" 2)))
      (import "import-type-command" (type (;4;) (eq 3)))
      (type (;5;) (option string))
      (type (;6;) (list 1))
      (type (;7;) (record (field "now" u64) (field "seed" u64) (field "actor" 5) (field "extensions" 6)))
      (import "import-type-context" (type (;8;) (eq 7)))
      (type (;9;) (record (field "version" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2)))
      (import "import-type-event" (type (;10;) (eq 9)))
      (type (;11;) (list string))
      (type (;12;) (record (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 2) (field "tags" 11)))
      (import "import-type-new-event" (type (;13;) (eq 12)))
      (type (;14;) (variant (case "any") (case "no-stream") (case "stream-exists") (case "at" u64)))
      (import "import-type-precondition" (type (;15;) (eq 14)))
      (type (;16;) (record (field "code" string) (field "message" string) (field "details" 5)))
      (import "import-type-rejection" (type (;17;) (eq 16)))
      (type (;18;) (record (field "message" string) (field "at" 5)))
      (import "import-type-malformed" (type (;19;) (eq 18)))
      (type (;20;) (record (field "message" string)))
      (import "import-type-fault" (type (;21;) (eq 20)))
      (type (;22;) (variant (case "malformed" 19) (case "rejected" 17) (case "failed" 21)))
      (import "import-type-decide-error" (type (;23;) (eq 22)))
      (type (;24;) (list 13))
      (type (;25;) (record (field "events" 24) (field "close" bool)))
      (import "import-type-decision" (type (;26;) (eq 25)))
      (type (;27;) (record (field "command-type" string) (field "precondition" 15) (field "schema" 5) (field "internal" bool)))
      (import "import-type-command-spec" (type (;28;) (eq 27)))
      (type (;29;) (record (field "event-type" string) (field "version" u32) (field "schema" 5)))
      (import "import-type-event-schema" (type (;30;) (eq 29)))
      (type (;31;) (list 28))
      (type (;32;) (list 30))
      (type (;33;) (tuple string string))
      (type (;34;) (list 33))
      (type (;35;) (record (field "name" string) (field "version" string) (field "category" string) (field "commands" 31) (field "emits" 11) (field "folds" 11) (field "snapshot-every" u32) (field "state-version" u32) (field "schemas" 32) (field "annotations" 34)))
      (import "import-type-decider-descriptor" (type (;36;) (eq 35)))
      (import "import-type-session" (type (;37;) (sub resource)))
      (type (;38;) (own 37))
      (type (;39;) (func (param "decider" u32) (result 38)))
      (import "import-constructor-session" (func (;0;) (type 39)))
      (import "import-type-fault0" (type (;40;) (eq 21)))
      (type (;41;) (result 38 (error 40)))
      (type (;42;) (func (param "decider" u32) (param "state" 2) (result 41)))
      (import "import-static-session-restore" (func (;1;) (type 42)))
      (type (;43;) (borrow 37))
      (import "import-type-event0" (type (;44;) (eq 10)))
      (type (;45;) (list 44))
      (type (;46;) (result (error 40)))
      (type (;47;) (func (param "self" 43) (param "events" 45) (result 46)))
      (import "import-method-session-evolve" (func (;2;) (type 47)))
      (import "import-type-command0" (type (;48;) (eq 4)))
      (import "import-type-context0" (type (;49;) (eq 8)))
      (import "import-type-decision0" (type (;50;) (eq 26)))
      (import "import-type-decide-error0" (type (;51;) (eq 23)))
      (type (;52;) (result 50 (error 51)))
      (type (;53;) (func (param "self" 43) (param "events" 45) (param "command" 48) (param "context" 49) (result 52)))
      (import "import-method-session-decide" (func (;3;) (type 53)))
      (type (;54;) (option 2))
      (type (;55;) (func (param "self" 43) (result 54)))
      (import "import-method-session-snapshot" (func (;4;) (type 55)))
      (import "import-type-decider-descriptor0" (type (;56;) (eq 36)))
      (type (;57;) (list 56))
      (type (;58;) (func (result 57)))
      (import "import-func-describe" (func (;5;) (type 58)))
      (type (;59;) (result string (error 51)))
      (type (;60;) (func (param "decider" u32) (param "command" 48) (result 59)))
      (import "import-func-stream-id" (func (;6;) (type 60)))
      (export (;61;) "extension" (type 1))
      (export (;62;) "command" (type 4))
      (export (;63;) "context" (type 8))
      (export (;64;) "event" (type 10))
      (export (;65;) "new-event" (type 13))
      (export (;66;) "precondition" (type 15))
      (export (;67;) "rejection" (type 17))
      (export (;68;) "malformed" (type 19))
      (export (;69;) "fault" (type 21))
      (export (;70;) "decide-error" (type 23))
      (export (;71;) "decision" (type 26))
      (export (;72;) "command-spec" (type 28))
      (export (;73;) "decider-descriptor" (type 36))
      (export (;74;) "event-schema" (type 30))
      (export (;75;) "session" (type 37))
      (type (;76;) (own 75))
      (type (;77;) (func (param "decider" u32) (result 76)))
      (export (;7;) "[constructor]session" (func 0) (func (type 77)))
      (type (;78;) (result 76 (error 69)))
      (type (;79;) (func (param "decider" u32) (param "state" 2) (result 78)))
      (export (;8;) "[static]session.restore" (func 1) (func (type 79)))
      (type (;80;) (borrow 75))
      (type (;81;) (list 64))
      (type (;82;) (result (error 69)))
      (type (;83;) (func (param "self" 80) (param "events" 81) (result 82)))
      (export (;9;) "[method]session.evolve" (func 2) (func (type 83)))
      (type (;84;) (result 71 (error 70)))
      (type (;85;) (func (param "self" 80) (param "events" 81) (param "command" 62) (param "context" 63) (result 84)))
      (export (;10;) "[method]session.decide" (func 3) (func (type 85)))
      (type (;86;) (option 2))
      (type (;87;) (func (param "self" 80) (result 86)))
      (export (;11;) "[method]session.snapshot" (func 4) (func (type 87)))
      (type (;88;) (list 73))
      (type (;89;) (func (result 88)))
      (export (;12;) "describe" (func 5) (func (type 89)))
      (type (;90;) (result string (error 70)))
      (type (;91;) (func (param "decider" u32) (param "command" 62) (result 90)))
      (export (;13;) "stream-id" (func 6) (func (type 91)))
    )
    (instance $annals:es/deciders@0.2.0-shim-instance (;2;) (instantiate $annals:es/deciders@0.2.0-shim-component
        (with "import-constructor-session" (func $"#func6 [constructor]session"))
        (with "import-static-session-restore" (func $"#func7 [static]session.restore"))
        (with "import-method-session-evolve" (func $"#func8 [method]session.evolve"))
        (with "import-method-session-decide" (func $"#func9 [method]session.decide"))
        (with "import-method-session-snapshot" (func $"#func10 [method]session.snapshot"))
        (with "import-func-describe" (func $describe))
        (with "import-func-stream-id" (func $"#func12 stream-id"))
        (with "import-type-extension" (type $extension))
        (with "import-type-command" (type $"#type9 command"))
        (with "import-type-context" (type $"#type10 context"))
        (with "import-type-event" (type $"#type11 event"))
        (with "import-type-new-event" (type $new-event))
        (with "import-type-precondition" (type $precondition))
        (with "import-type-rejection" (type $rejection))
        (with "import-type-malformed" (type $malformed))
        (with "import-type-fault" (type $"#type16 fault"))
        (with "import-type-decide-error" (type $"#type17 decide-error"))
        (with "import-type-decision" (type $"#type18 decision"))
        (with "import-type-command-spec" (type $command-spec))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-decider-descriptor" (type $decider-descriptor))
        (with "import-type-session" (type $session))
        (with "import-type-fault0" (type $"#type16 fault"))
        (with "import-type-event0" (type $"#type11 event"))
        (with "import-type-command0" (type $"#type9 command"))
        (with "import-type-context0" (type $"#type10 context"))
        (with "import-type-decision0" (type $"#type18 decision"))
        (with "import-type-decide-error0" (type $"#type17 decide-error"))
        (with "import-type-decider-descriptor0" (type $decider-descriptor))
      )
    )
    (export $annals:es/deciders@0.2.0 (;3;) "annals:es/deciders@0.2.0" (instance $annals:es/deciders@0.2.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;3;) (instantiate 1
      (with "h0" (instance 2))
      (with "annals:es/types@0.2.0" (instance 0))
    )
  )
  (component (;2;)
    (type $ty-annals:es/types@0.2.0 (;0;)
      (instance
        (type (;0;) (tuple string string))
        (export (;1;) "extension" (type (eq 0)))
        (type (;2;) (option string))
        (type (;3;) (list 1))
        (type (;4;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 2) (field "traceparent" 2) (field "extensions" 3)))
        (export (;5;) "metadata" (type (eq 4)))
        (type (;6;) (list u8))
        (type (;7;) (list string))
        (type (;8;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 6) (field "tags" 7) (field "metadata" 5)))
        (export (;9;) "recorded-event" (type (eq 8)))
        (type (;10;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 6)))
        (export (;11;) "row" (type (eq 10)))
        (type (;12;) (record (field "view" string) (field "key" string)))
        (export (;13;) "row-key" (type (eq 12)))
        (type (;14;) (record (field "message" string)))
        (export (;15;) "fault" (type (eq 14)))
        (type (;16;) (record (field "index" u32) (field "fault" 15)))
        (export (;17;) "page-fault" (type (eq 16)))
        (type (;18;) (enum "origin" "now"))
        (export (;19;) "start-from" (type (eq 18)))
        (type (;20;) (record (field "event-type" string) (field "version" u32) (field "schema" 2)))
        (export (;21;) "event-schema" (type (eq 20)))
        (type (;22;) (list 21))
        (type (;23;) (tuple string string))
        (type (;24;) (list 23))
        (type (;25;) (record (field "name" string) (field "version" u32) (field "event-types" 7) (field "emits" 7) (field "views" 7) (field "start" 19) (field "concurrency" u32) (field "schemas" 22) (field "annotations" 24)))
        (export (;26;) "reaction-descriptor" (type (eq 25)))
      )
    )
    (import "annals:es/types@0.2.0" (instance $annals:es/types@0.2.0 (;0;) (type $ty-annals:es/types@0.2.0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;1;) (func (param i32)))
      (type (;2;) (func (result i32)))
      (type (;3;) (func (param i32 i32 i32) (result i32)))
      (type (;4;) (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 48)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/projectors@0.2.0#describe" (func $describe))
      (export "cabi_post_annals:es/projectors@0.2.0#describe" (func $reset))
      (export "annals:es/projectors@0.2.0#keys" (func $keys))
      (export "cabi_post_annals:es/projectors@0.2.0#keys" (func $reset))
      (export "annals:es/projectors@0.2.0#project" (func $project))
      (export "cabi_post_annals:es/projectors@0.2.0#project" (func $reset))
      (export "memory" (memory 0))
      (func $cabi_realloc (;0;) (type 0) (param i32 i32 i32 i32) (result i32)
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
      (func $reset (;1;) (type 1) (param i32)
        i32.const 48
        global.set 0
      )
      (func $describe (;2;) (type 2) (result i32)
        i32.const 16
      )
      (func $keys (;3;) (type 3) (param i32 i32 i32) (result i32)
        (local i32 i32)
        block ;; label = @1
          block ;; label = @2
            local.get 0
            br_table 0 (;@2;)
          end
          unreachable
        end
        block ;; label = @1
          local.get 3
          br_table 0 (;@1;)
        end
        unreachable
        unreachable
      )
      (func $project (;4;) (type 4) (param i32 i32 i32 i32 i32 i32 i32) (result i32)
        (local i32 i32)
        block ;; label = @1
          block ;; label = @2
            local.get 0
            br_table 0 (;@2;)
          end
          unreachable
        end
        block ;; label = @1
          local.get 7
          br_table 0 (;@1;)
        end
        unreachable
        unreachable
      )
      (data (;0;) (i32.const 16) "\10\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $annals:es/types@0.2.0 "extension" (type $extension (;1;)))
    (alias export $annals:es/types@0.2.0 "recorded-event" (type $recorded-event (;2;)))
    (alias export $annals:es/types@0.2.0 "metadata" (type $metadata (;3;)))
    (alias export $annals:es/types@0.2.0 "row" (type $row (;4;)))
    (alias export $annals:es/types@0.2.0 "row-key" (type $row-key (;5;)))
    (alias export $annals:es/types@0.2.0 "fault" (type $fault (;6;)))
    (alias export $annals:es/types@0.2.0 "page-fault" (type $page-fault (;7;)))
    (alias export $annals:es/types@0.2.0 "start-from" (type $start-from (;8;)))
    (alias export $annals:es/types@0.2.0 "reaction-descriptor" (type $reaction-descriptor (;9;)))
    (alias export $annals:es/types@0.2.0 "event-schema" (type $event-schema (;10;)))
    (type (;11;) (variant (case "put" $row) (case "remove" $row-key)))
    (type (;12;) (record (field "change" 11) (field "event" u32)))
    (type (;13;) (list 12))
    (type (;14;) (list $row-key))
    (type (;15;) (variant (case "changes" 13) (case "needs" 14)))
    (core instance $main (;0;) (instantiate $main))
    (alias core export $main "memory" (core memory $memory (;0;)))
    (type (;16;) (list $reaction-descriptor))
    (type (;17;) (func (result 16)))
    (alias core export $main "annals:es/projectors@0.2.0#describe" (core func $annals:es/projectors@0.2.0#describe (;0;)))
    (alias core export $main "cabi_post_annals:es/projectors@0.2.0#describe" (core func $cabi_post_annals:es/projectors@0.2.0#describe (;1;)))
    (func $describe (;0;) (type 17) (canon lift (core func $annals:es/projectors@0.2.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/projectors@0.2.0#describe)))
    (type (;18;) (list $recorded-event))
    (type (;19;) (list 14))
    (type (;20;) (result 19 (error $page-fault)))
    (type (;21;) (func (param "projector" u32) (param "events" 18) (result 20)))
    (alias core export $main "annals:es/projectors@0.2.0#keys" (core func $annals:es/projectors@0.2.0#keys (;2;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;3;)))
    (alias core export $main "cabi_post_annals:es/projectors@0.2.0#keys" (core func $cabi_post_annals:es/projectors@0.2.0#keys (;4;)))
    (func $keys (;1;) (type 21) (canon lift (core func $annals:es/projectors@0.2.0#keys) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/projectors@0.2.0#keys)))
    (type (;22;) (list $row))
    (type (;23;) (result 15 (error $page-fault)))
    (type (;24;) (func (param "projector" u32) (param "events" 18) (param "rows" 22) (param "needed" 14) (result 23)))
    (alias core export $main "annals:es/projectors@0.2.0#project" (core func $annals:es/projectors@0.2.0#project (;5;)))
    (alias core export $main "cabi_post_annals:es/projectors@0.2.0#project" (core func $cabi_post_annals:es/projectors@0.2.0#project (;6;)))
    (func $project (;2;) (type 24) (canon lift (core func $annals:es/projectors@0.2.0#project) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/projectors@0.2.0#project)))
    (component $annals:es/projectors@0.2.0-shim-component (;0;)
      (type (;0;) (tuple string string))
      (import "import-type-extension" (type (;1;) (eq 0)))
      (type (;2;) (option string))
      (type (;3;) (list 1))
      (type (;4;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 2) (field "traceparent" 2) (field "extensions" 3)))
      (import "import-type-metadata" (type (;5;) (eq 4)))
      (type (;6;) (list u8))
      (type (;7;) (list string))
      (type (;8;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 6) (field "tags" 7) (field "metadata" 5)))
      (import "import-type-recorded-event" (type (;9;) (eq 8)))
      (type (;10;) (record (field "view" string) (field "key" string) (field "content-type" string) (field "value" 6)))
      (import "import-type-row" (type (;11;) (eq 10)))
      (type (;12;) (record (field "view" string) (field "key" string)))
      (import "import-type-row-key" (type (;13;) (eq 12)))
      (type (;14;) (record (field "message" string)))
      (import "import-type-fault" (type (;15;) (eq 14)))
      (type (;16;) (record (field "index" u32) (field "fault" 15)))
      (import "import-type-page-fault" (type (;17;) (eq 16)))
      (type (;18;) (enum "origin" "now"))
      (import "import-type-start-from" (type (;19;) (eq 18)))
      (type (;20;) (record (field "event-type" string) (field "version" u32) (field "schema" 2)))
      (import "import-type-event-schema" (type (;21;) (eq 20)))
      (type (;22;) (list 21))
      (type (;23;) (tuple string string))
      (type (;24;) (list 23))
      (type (;25;) (record (field "name" string) (field "version" u32) (field "event-types" 7) (field "emits" 7) (field "views" 7) (field "start" 19) (field "concurrency" u32) (field "schemas" 22) (field "annotations" 24)))
      (import "import-type-reaction-descriptor" (type (;26;) (eq 25)))
      (import "import-type-reaction-descriptor0" (type (;27;) (eq 26)))
      (type (;28;) (list 27))
      (type (;29;) (func (result 28)))
      (import "import-func-describe" (func (;0;) (type 29)))
      (import "import-type-recorded-event0" (type (;30;) (eq 9)))
      (type (;31;) (list 30))
      (import "import-type-row-key0" (type (;32;) (eq 13)))
      (type (;33;) (list 32))
      (type (;34;) (list 33))
      (import "import-type-page-fault0" (type (;35;) (eq 17)))
      (type (;36;) (result 34 (error 35)))
      (type (;37;) (func (param "projector" u32) (param "events" 31) (result 36)))
      (import "import-func-keys" (func (;1;) (type 37)))
      (import "import-type-row0" (type (;38;) (eq 11)))
      (type (;39;) (list 38))
      (type (;40;) (variant (case "put" 38) (case "remove" 32)))
      (import "import-type-row-change" (type (;41;) (eq 40)))
      (type (;42;) (record (field "change" 41) (field "event" u32)))
      (import "import-type-changed-row" (type (;43;) (eq 42)))
      (type (;44;) (list 43))
      (type (;45;) (variant (case "changes" 44) (case "needs" 33)))
      (import "import-type-projection" (type (;46;) (eq 45)))
      (type (;47;) (result 46 (error 35)))
      (type (;48;) (func (param "projector" u32) (param "events" 31) (param "rows" 39) (param "needed" 33) (result 47)))
      (import "import-func-project" (func (;2;) (type 48)))
      (export (;49;) "extension" (type 1))
      (export (;50;) "recorded-event" (type 9))
      (export (;51;) "metadata" (type 5))
      (export (;52;) "row" (type 11))
      (export (;53;) "row-key" (type 13))
      (export (;54;) "fault" (type 15))
      (export (;55;) "page-fault" (type 17))
      (export (;56;) "start-from" (type 19))
      (export (;57;) "reaction-descriptor" (type 26))
      (export (;58;) "event-schema" (type 21))
      (type (;59;) (variant (case "put" 52) (case "remove" 53)))
      (export (;60;) "row-change" (type 59))
      (type (;61;) (record (field "change" 60) (field "event" u32)))
      (export (;62;) "changed-row" (type 61))
      (type (;63;) (list 62))
      (type (;64;) (list 53))
      (type (;65;) (variant (case "changes" 63) (case "needs" 64)))
      (export (;66;) "projection" (type 65))
      (type (;67;) (list 57))
      (type (;68;) (func (result 67)))
      (export (;3;) "describe" (func 0) (func (type 68)))
      (type (;69;) (list 50))
      (type (;70;) (list 64))
      (type (;71;) (result 70 (error 55)))
      (type (;72;) (func (param "projector" u32) (param "events" 69) (result 71)))
      (export (;4;) "keys" (func 1) (func (type 72)))
      (type (;73;) (list 52))
      (type (;74;) (result 66 (error 55)))
      (type (;75;) (func (param "projector" u32) (param "events" 69) (param "rows" 73) (param "needed" 64) (result 74)))
      (export (;5;) "project" (func 2) (func (type 75)))
    )
    (instance $annals:es/projectors@0.2.0-shim-instance (;1;) (instantiate $annals:es/projectors@0.2.0-shim-component
        (with "import-func-describe" (func $describe))
        (with "import-func-keys" (func $keys))
        (with "import-func-project" (func $project))
        (with "import-type-extension" (type $extension))
        (with "import-type-metadata" (type $metadata))
        (with "import-type-recorded-event" (type $recorded-event))
        (with "import-type-row" (type $row))
        (with "import-type-row-key" (type $row-key))
        (with "import-type-fault" (type $fault))
        (with "import-type-page-fault" (type $page-fault))
        (with "import-type-start-from" (type $start-from))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-reaction-descriptor" (type $reaction-descriptor))
        (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
        (with "import-type-recorded-event0" (type $recorded-event))
        (with "import-type-row-key0" (type $row-key))
        (with "import-type-page-fault0" (type $page-fault))
        (with "import-type-row0" (type $row))
        (with "import-type-row-change" (type 11))
        (with "import-type-changed-row" (type 12))
        (with "import-type-projection" (type 15))
      )
    )
    (export $annals:es/projectors@0.2.0 (;2;) "annals:es/projectors@0.2.0" (instance $annals:es/projectors@0.2.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;4;) (instantiate 2
      (with "annals:es/types@0.2.0" (instance 0))
    )
  )
  (component (;3;)
    (type $ty-annals:es/types@0.2.0 (;0;)
      (instance
        (type (;0;) (tuple string string))
        (export (;1;) "extension" (type (eq 0)))
        (type (;2;) (option string))
        (type (;3;) (list 1))
        (type (;4;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 2) (field "traceparent" 2) (field "extensions" 3)))
        (export (;5;) "metadata" (type (eq 4)))
        (type (;6;) (list u8))
        (type (;7;) (list string))
        (type (;8;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 6) (field "tags" 7) (field "metadata" 5)))
        (export (;9;) "recorded-event" (type (eq 8)))
        (type (;10;) (record (field "now" u64) (field "seed" u64) (field "actor" 2) (field "extensions" 3)))
        (export (;11;) "context" (type (eq 10)))
        (type (;12;) (record (field "code" string) (field "message" string) (field "details" 2)))
        (export (;13;) "rejection" (type (eq 12)))
        (type (;14;) (option u64))
        (type (;15;) (record (field "command-type" string) (field "content-type" string) (field "payload" 6) (field "deliver-at" 14) (field "name" 2)))
        (export (;16;) "outgoing-command" (type (eq 15)))
        (type (;17;) (record (field "message" string)))
        (export (;18;) "fault" (type (eq 17)))
        (type (;19;) (enum "origin" "now"))
        (export (;20;) "start-from" (type (eq 19)))
        (type (;21;) (record (field "event-type" string) (field "version" u32) (field "schema" 2)))
        (export (;22;) "event-schema" (type (eq 21)))
        (type (;23;) (list 22))
        (type (;24;) (tuple string string))
        (type (;25;) (list 24))
        (type (;26;) (record (field "name" string) (field "version" u32) (field "event-types" 7) (field "emits" 7) (field "views" 7) (field "start" 20) (field "concurrency" u32) (field "schemas" 23) (field "annotations" 25)))
        (export (;27;) "reaction-descriptor" (type (eq 26)))
      )
    )
    (import "annals:es/types@0.2.0" (instance $annals:es/types@0.2.0 (;0;) (type $ty-annals:es/types@0.2.0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;1;) (func (param i32)))
      (type (;2;) (func (result i32)))
      (type (;3;) (func (param i32) (result i32)))
      (type (;4;) (func (param i32) (result i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 80)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/process-managers@0.2.0#describe" (func $describe))
      (export "cabi_post_annals:es/process-managers@0.2.0#describe" (func $reset))
      (export "annals:es/process-managers@0.2.0#interested" (func $interested))
      (export "cabi_post_annals:es/process-managers@0.2.0#interested" (func $reset))
      (export "annals:es/process-managers@0.2.0#react" (func $react))
      (export "cabi_post_annals:es/process-managers@0.2.0#react" (func $reset))
      (export "memory" (memory 0))
      (func $cabi_realloc (;0;) (type 0) (param i32 i32 i32 i32) (result i32)
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
      (func $reset (;1;) (type 1) (param i32)
        i32.const 80
        global.set 0
      )
      (func $describe (;2;) (type 2) (result i32)
        i32.const 16
      )
      (func $interested (;3;) (type 3) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            local.get 2
            br_table 0 (;@2;)
          end
          unreachable
        end
        block ;; label = @1
          local.get 1
          br_table 0 (;@1;)
        end
        unreachable
        unreachable
      )
      (func $react (;4;) (type 4) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            local.get 2
            br_table 0 (;@2;)
          end
          unreachable
        end
        block ;; label = @1
          local.get 1
          br_table 0 (;@1;)
        end
        unreachable
        unreachable
      )
      (data (;0;) (i32.const 16) "\10\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $annals:es/types@0.2.0 "extension" (type $extension (;1;)))
    (alias export $annals:es/types@0.2.0 "recorded-event" (type $recorded-event (;2;)))
    (alias export $annals:es/types@0.2.0 "metadata" (type $metadata (;3;)))
    (alias export $annals:es/types@0.2.0 "context" (type $context (;4;)))
    (alias export $annals:es/types@0.2.0 "rejection" (type $rejection (;5;)))
    (alias export $annals:es/types@0.2.0 "outgoing-command" (type $outgoing-command (;6;)))
    (alias export $annals:es/types@0.2.0 "fault" (type $fault (;7;)))
    (alias export $annals:es/types@0.2.0 "start-from" (type $start-from (;8;)))
    (alias export $annals:es/types@0.2.0 "reaction-descriptor" (type $reaction-descriptor (;9;)))
    (alias export $annals:es/types@0.2.0 "event-schema" (type $event-schema (;10;)))
    (type (;11;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
    (type (;12;) (record (field "command" $outgoing-command) (field "reason" $rejection) (field "cause" $recorded-event)))
    (type (;13;) (variant (case "event" $recorded-event) (case "refused" 12)))
    (type (;14;) (list u8))
    (type (;15;) (list $outgoing-command))
    (type (;16;) (list string))
    (type (;17;) (record (field "state" 14) (field "commands" 15) (field "cancellations" 16) (field "notes" 16) (field "stop" bool)))
    (core instance $main (;0;) (instantiate $main))
    (alias core export $main "memory" (core memory $memory (;0;)))
    (type (;18;) (list $reaction-descriptor))
    (type (;19;) (func (result 18)))
    (alias core export $main "annals:es/process-managers@0.2.0#describe" (core func $annals:es/process-managers@0.2.0#describe (;0;)))
    (alias core export $main "cabi_post_annals:es/process-managers@0.2.0#describe" (core func $cabi_post_annals:es/process-managers@0.2.0#describe (;1;)))
    (func $describe (;0;) (type 19) (canon lift (core func $annals:es/process-managers@0.2.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/process-managers@0.2.0#describe)))
    (type (;20;) (list 11))
    (type (;21;) (result 20 (error $fault)))
    (type (;22;) (func (param "manager" u32) (param "event" $recorded-event) (result 21)))
    (alias core export $main "annals:es/process-managers@0.2.0#interested" (core func $annals:es/process-managers@0.2.0#interested (;2;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;3;)))
    (alias core export $main "cabi_post_annals:es/process-managers@0.2.0#interested" (core func $cabi_post_annals:es/process-managers@0.2.0#interested (;4;)))
    (func $interested (;1;) (type 22) (canon lift (core func $annals:es/process-managers@0.2.0#interested) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/process-managers@0.2.0#interested)))
    (type (;23;) (option 14))
    (type (;24;) (result 17 (error $fault)))
    (type (;25;) (func (param "manager" u32) (param "process" string) (param "state" 23) (param "input" 13) (param "context" $context) (result 24)))
    (alias core export $main "annals:es/process-managers@0.2.0#react" (core func $annals:es/process-managers@0.2.0#react (;5;)))
    (alias core export $main "cabi_post_annals:es/process-managers@0.2.0#react" (core func $cabi_post_annals:es/process-managers@0.2.0#react (;6;)))
    (func $react (;2;) (type 25) (canon lift (core func $annals:es/process-managers@0.2.0#react) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/process-managers@0.2.0#react)))
    (component $annals:es/process-managers@0.2.0-shim-component (;0;)
      (type (;0;) (tuple string string))
      (import "import-type-extension" (type (;1;) (eq 0)))
      (type (;2;) (option string))
      (type (;3;) (list 1))
      (type (;4;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 2) (field "traceparent" 2) (field "extensions" 3)))
      (import "import-type-metadata" (type (;5;) (eq 4)))
      (type (;6;) (list u8))
      (type (;7;) (list string))
      (type (;8;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 6) (field "tags" 7) (field "metadata" 5)))
      (import "import-type-recorded-event" (type (;9;) (eq 8)))
      (type (;10;) (record (field "now" u64) (field "seed" u64) (field "actor" 2) (field "extensions" 3)))
      (import "import-type-context" (type (;11;) (eq 10)))
      (type (;12;) (record (field "code" string) (field "message" string) (field "details" 2)))
      (import "import-type-rejection" (type (;13;) (eq 12)))
      (type (;14;) (option u64))
      (type (;15;) (record (field "command-type" string) (field "content-type" string) (field "payload" 6) (field "deliver-at" 14) (field "name" 2)))
      (import "import-type-outgoing-command" (type (;16;) (eq 15)))
      (type (;17;) (record (field "message" string)))
      (import "import-type-fault" (type (;18;) (eq 17)))
      (type (;19;) (enum "origin" "now"))
      (import "import-type-start-from" (type (;20;) (eq 19)))
      (type (;21;) (record (field "event-type" string) (field "version" u32) (field "schema" 2)))
      (import "import-type-event-schema" (type (;22;) (eq 21)))
      (type (;23;) (list 22))
      (type (;24;) (tuple string string))
      (type (;25;) (list 24))
      (type (;26;) (record (field "name" string) (field "version" u32) (field "event-types" 7) (field "emits" 7) (field "views" 7) (field "start" 20) (field "concurrency" u32) (field "schemas" 23) (field "annotations" 25)))
      (import "import-type-reaction-descriptor" (type (;27;) (eq 26)))
      (import "import-type-reaction-descriptor0" (type (;28;) (eq 27)))
      (type (;29;) (list 28))
      (type (;30;) (func (result 29)))
      (import "import-func-describe" (func (;0;) (type 30)))
      (import "import-type-recorded-event0" (type (;31;) (eq 9)))
      (type (;32;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
      (import "import-type-interest" (type (;33;) (eq 32)))
      (type (;34;) (list 33))
      (import "import-type-fault0" (type (;35;) (eq 18)))
      (type (;36;) (result 34 (error 35)))
      (type (;37;) (func (param "manager" u32) (param "event" 31) (result 36)))
      (import "import-func-interested" (func (;1;) (type 37)))
      (type (;38;) (option 6))
      (import "import-type-outgoing-command0" (type (;39;) (eq 16)))
      (import "import-type-rejection0" (type (;40;) (eq 13)))
      (type (;41;) (record (field "command" 39) (field "reason" 40) (field "cause" 31)))
      (import "import-type-refusal" (type (;42;) (eq 41)))
      (type (;43;) (variant (case "event" 31) (case "refused" 42)))
      (import "import-type-input" (type (;44;) (eq 43)))
      (import "import-type-context0" (type (;45;) (eq 11)))
      (type (;46;) (list 39))
      (type (;47;) (record (field "state" 6) (field "commands" 46) (field "cancellations" 7) (field "notes" 7) (field "stop" bool)))
      (import "import-type-reaction" (type (;48;) (eq 47)))
      (type (;49;) (result 48 (error 35)))
      (type (;50;) (func (param "manager" u32) (param "process" string) (param "state" 38) (param "input" 44) (param "context" 45) (result 49)))
      (import "import-func-react" (func (;2;) (type 50)))
      (export (;51;) "extension" (type 1))
      (export (;52;) "recorded-event" (type 9))
      (export (;53;) "metadata" (type 5))
      (export (;54;) "context" (type 11))
      (export (;55;) "rejection" (type 13))
      (export (;56;) "outgoing-command" (type 16))
      (export (;57;) "fault" (type 18))
      (export (;58;) "start-from" (type 20))
      (export (;59;) "reaction-descriptor" (type 27))
      (export (;60;) "event-schema" (type 22))
      (type (;61;) (variant (case "start" string) (case "start-strict" string) (case "proceed" string) (case "proceed-strict" string) (case "stop" string)))
      (export (;62;) "interest" (type 61))
      (type (;63;) (record (field "command" 56) (field "reason" 55) (field "cause" 52)))
      (export (;64;) "refusal" (type 63))
      (type (;65;) (variant (case "event" 52) (case "refused" 64)))
      (export (;66;) "input" (type 65))
      (type (;67;) (list 56))
      (type (;68;) (record (field "state" 6) (field "commands" 67) (field "cancellations" 7) (field "notes" 7) (field "stop" bool)))
      (export (;69;) "reaction" (type 68))
      (type (;70;) (list 59))
      (type (;71;) (func (result 70)))
      (export (;3;) "describe" (func 0) (func (type 71)))
      (type (;72;) (list 62))
      (type (;73;) (result 72 (error 57)))
      (type (;74;) (func (param "manager" u32) (param "event" 52) (result 73)))
      (export (;4;) "interested" (func 1) (func (type 74)))
      (type (;75;) (option 6))
      (type (;76;) (result 69 (error 57)))
      (type (;77;) (func (param "manager" u32) (param "process" string) (param "state" 75) (param "input" 66) (param "context" 54) (result 76)))
      (export (;5;) "react" (func 2) (func (type 77)))
    )
    (instance $annals:es/process-managers@0.2.0-shim-instance (;1;) (instantiate $annals:es/process-managers@0.2.0-shim-component
        (with "import-func-describe" (func $describe))
        (with "import-func-interested" (func $interested))
        (with "import-func-react" (func $react))
        (with "import-type-extension" (type $extension))
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
        (with "import-type-interest" (type 11))
        (with "import-type-fault0" (type $fault))
        (with "import-type-outgoing-command0" (type $outgoing-command))
        (with "import-type-rejection0" (type $rejection))
        (with "import-type-refusal" (type 12))
        (with "import-type-input" (type 13))
        (with "import-type-context0" (type $context))
        (with "import-type-reaction" (type 17))
      )
    )
    (export $annals:es/process-managers@0.2.0 (;2;) "annals:es/process-managers@0.2.0" (instance $annals:es/process-managers@0.2.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;5;) (instantiate 3
      (with "annals:es/types@0.2.0" (instance 0))
    )
  )
  (component (;4;)
    (type $ty-annals:es/types@0.2.0 (;0;)
      (instance
        (type (;0;) (tuple string string))
        (export (;1;) "extension" (type (eq 0)))
        (type (;2;) (option string))
        (type (;3;) (list 1))
        (type (;4;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 2) (field "traceparent" 2) (field "extensions" 3)))
        (export (;5;) "metadata" (type (eq 4)))
        (type (;6;) (list u8))
        (type (;7;) (list string))
        (type (;8;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 6) (field "tags" 7) (field "metadata" 5)))
        (export (;9;) "recorded-event" (type (eq 8)))
        (type (;10;) (record (field "message" string)))
        (export (;11;) "fault" (type (eq 10)))
        (type (;12;) (enum "origin" "now"))
        (export (;13;) "start-from" (type (eq 12)))
        (type (;14;) (record (field "event-type" string) (field "version" u32) (field "schema" 2)))
        (export (;15;) "event-schema" (type (eq 14)))
        (type (;16;) (list 15))
        (type (;17;) (tuple string string))
        (type (;18;) (list 17))
        (type (;19;) (record (field "name" string) (field "version" u32) (field "event-types" 7) (field "emits" 7) (field "views" 7) (field "start" 13) (field "concurrency" u32) (field "schemas" 16) (field "annotations" 18)))
        (export (;20;) "reaction-descriptor" (type (eq 19)))
      )
    )
    (import "annals:es/types@0.2.0" (instance $annals:es/types@0.2.0 (;0;) (type $ty-annals:es/types@0.2.0)))
    (core module $main (;0;)
      (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
      (type (;1;) (func (param i32)))
      (type (;2;) (func (result i32)))
      (type (;3;) (func (param i32) (result i32)))
      (memory (;0;) 1)
      (global (;0;) (mut i32) i32.const 64)
      (export "cabi_realloc" (func $cabi_realloc))
      (export "annals:es/notifiers@0.2.0#describe" (func $describe))
      (export "cabi_post_annals:es/notifiers@0.2.0#describe" (func $reset))
      (export "annals:es/notifiers@0.2.0#notify" (func $notify))
      (export "cabi_post_annals:es/notifiers@0.2.0#notify" (func $reset))
      (export "memory" (memory 0))
      (func $cabi_realloc (;0;) (type 0) (param i32 i32 i32 i32) (result i32)
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
      (func $reset (;1;) (type 1) (param i32)
        i32.const 64
        global.set 0
      )
      (func $describe (;2;) (type 2) (result i32)
        i32.const 16
      )
      (func $notify (;3;) (type 3) (param i32) (result i32)
        (local i32 i32)
        local.get 0
        i32.load align=1
        local.set 2
        block ;; label = @1
          block ;; label = @2
            local.get 2
            br_table 0 (;@2;)
          end
          unreachable
        end
        block ;; label = @1
          local.get 1
          br_table 0 (;@1;)
        end
        unreachable
        unreachable
      )
      (data (;0;) (i32.const 16) "\10\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
      (@producers
        (processed-by "wit-component" "0.262.0")
      )
    )
    (alias export $annals:es/types@0.2.0 "extension" (type $extension (;1;)))
    (alias export $annals:es/types@0.2.0 "recorded-event" (type $recorded-event (;2;)))
    (alias export $annals:es/types@0.2.0 "metadata" (type $metadata (;3;)))
    (alias export $annals:es/types@0.2.0 "fault" (type $fault (;4;)))
    (alias export $annals:es/types@0.2.0 "start-from" (type $start-from (;5;)))
    (alias export $annals:es/types@0.2.0 "reaction-descriptor" (type $reaction-descriptor (;6;)))
    (alias export $annals:es/types@0.2.0 "event-schema" (type $event-schema (;7;)))
    (type (;8;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
    (core instance $main (;0;) (instantiate $main))
    (alias core export $main "memory" (core memory $memory (;0;)))
    (type (;9;) (list $reaction-descriptor))
    (type (;10;) (func (result 9)))
    (alias core export $main "annals:es/notifiers@0.2.0#describe" (core func $annals:es/notifiers@0.2.0#describe (;0;)))
    (alias core export $main "cabi_post_annals:es/notifiers@0.2.0#describe" (core func $cabi_post_annals:es/notifiers@0.2.0#describe (;1;)))
    (func $describe (;0;) (type 10) (canon lift (core func $annals:es/notifiers@0.2.0#describe) (memory $memory) string-encoding=utf8 (post-return $cabi_post_annals:es/notifiers@0.2.0#describe)))
    (type (;11;) (result 8 (error $fault)))
    (type (;12;) (func (param "notifier" u32) (param "event" $recorded-event) (param "attempt" u32) (result 11)))
    (alias core export $main "annals:es/notifiers@0.2.0#notify" (core func $annals:es/notifiers@0.2.0#notify (;2;)))
    (alias core export $main "cabi_realloc" (core func $cabi_realloc (;3;)))
    (alias core export $main "cabi_post_annals:es/notifiers@0.2.0#notify" (core func $cabi_post_annals:es/notifiers@0.2.0#notify (;4;)))
    (func $notify (;1;) (type 12) (canon lift (core func $annals:es/notifiers@0.2.0#notify) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8 (post-return $cabi_post_annals:es/notifiers@0.2.0#notify)))
    (component $annals:es/notifiers@0.2.0-shim-component (;0;)
      (type (;0;) (tuple string string))
      (import "import-type-extension" (type (;1;) (eq 0)))
      (type (;2;) (option string))
      (type (;3;) (list 1))
      (type (;4;) (record (field "command-id" string) (field "command-type" string) (field "correlation-id" string) (field "causation-id" string) (field "actor" 2) (field "traceparent" 2) (field "extensions" 3)))
      (import "import-type-metadata" (type (;5;) (eq 4)))
      (type (;6;) (list u8))
      (type (;7;) (list string))
      (type (;8;) (record (field "id" string) (field "stream" string) (field "version" u64) (field "position" u64) (field "recorded-at" u64) (field "event-type" string) (field "schema-version" u32) (field "content-type" string) (field "payload" 6) (field "tags" 7) (field "metadata" 5)))
      (import "import-type-recorded-event" (type (;9;) (eq 8)))
      (type (;10;) (record (field "message" string)))
      (import "import-type-fault" (type (;11;) (eq 10)))
      (type (;12;) (enum "origin" "now"))
      (import "import-type-start-from" (type (;13;) (eq 12)))
      (type (;14;) (record (field "event-type" string) (field "version" u32) (field "schema" 2)))
      (import "import-type-event-schema" (type (;15;) (eq 14)))
      (type (;16;) (list 15))
      (type (;17;) (tuple string string))
      (type (;18;) (list 17))
      (type (;19;) (record (field "name" string) (field "version" u32) (field "event-types" 7) (field "emits" 7) (field "views" 7) (field "start" 13) (field "concurrency" u32) (field "schemas" 16) (field "annotations" 18)))
      (import "import-type-reaction-descriptor" (type (;20;) (eq 19)))
      (import "import-type-reaction-descriptor0" (type (;21;) (eq 20)))
      (type (;22;) (list 21))
      (type (;23;) (func (result 22)))
      (import "import-func-describe" (func (;0;) (type 23)))
      (import "import-type-recorded-event0" (type (;24;) (eq 9)))
      (type (;25;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
      (import "import-type-delivery" (type (;26;) (eq 25)))
      (import "import-type-fault0" (type (;27;) (eq 11)))
      (type (;28;) (result 26 (error 27)))
      (type (;29;) (func (param "notifier" u32) (param "event" 24) (param "attempt" u32) (result 28)))
      (import "import-func-notify" (func (;1;) (type 29)))
      (export (;30;) "extension" (type 1))
      (export (;31;) "recorded-event" (type 9))
      (export (;32;) "metadata" (type 5))
      (export (;33;) "fault" (type 11))
      (export (;34;) "start-from" (type 13))
      (export (;35;) "reaction-descriptor" (type 20))
      (export (;36;) "event-schema" (type 15))
      (type (;37;) (variant (case "done") (case "retry-after" u64) (case "reject" string)))
      (export (;38;) "delivery" (type 37))
      (type (;39;) (list 35))
      (type (;40;) (func (result 39)))
      (export (;2;) "describe" (func 0) (func (type 40)))
      (type (;41;) (result 38 (error 33)))
      (type (;42;) (func (param "notifier" u32) (param "event" 31) (param "attempt" u32) (result 41)))
      (export (;3;) "notify" (func 1) (func (type 42)))
    )
    (instance $annals:es/notifiers@0.2.0-shim-instance (;1;) (instantiate $annals:es/notifiers@0.2.0-shim-component
        (with "import-func-describe" (func $describe))
        (with "import-func-notify" (func $notify))
        (with "import-type-extension" (type $extension))
        (with "import-type-metadata" (type $metadata))
        (with "import-type-recorded-event" (type $recorded-event))
        (with "import-type-fault" (type $fault))
        (with "import-type-start-from" (type $start-from))
        (with "import-type-event-schema" (type $event-schema))
        (with "import-type-reaction-descriptor" (type $reaction-descriptor))
        (with "import-type-reaction-descriptor0" (type $reaction-descriptor))
        (with "import-type-recorded-event0" (type $recorded-event))
        (with "import-type-delivery" (type 8))
        (with "import-type-fault0" (type $fault))
      )
    )
    (export $annals:es/notifiers@0.2.0 (;2;) "annals:es/notifiers@0.2.0" (instance $annals:es/notifiers@0.2.0-shim-instance))
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (instance (;6;) (instantiate 4
      (with "annals:es/types@0.2.0" (instance 0))
    )
  )
  (alias export 3 "annals:es/deciders@0.2.0" (instance (;7;)))
  (alias export 4 "annals:es/projectors@0.2.0" (instance (;8;)))
  (alias export 5 "annals:es/process-managers@0.2.0" (instance (;9;)))
  (alias export 6 "annals:es/notifiers@0.2.0" (instance (;10;)))
  (export (;11;) "annals:es/deciders@0.2.0" (instance 7))
  (export (;12;) "annals:es/projectors@0.2.0" (instance 8))
  (export (;13;) "annals:es/process-managers@0.2.0" (instance 9))
  (export (;14;) "annals:es/notifiers@0.2.0" (instance 10))
)
