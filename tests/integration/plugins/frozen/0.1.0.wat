(component
  (type $ty-holdpoint:plugin/log@0.1.0 (;0;)
    (instance
      (type (;0;) (enum "debug" "info" "warn" "error"))
      (export (;1;) "level" (type (eq 0)))
      (type (;2;) (func (param "level" 1) (param "message" string)))
      (export (;0;) "log" (func (type 2)))
    )
  )
  (import "holdpoint:plugin/log@0.1.0" (instance $holdpoint:plugin/log@0.1.0 (;0;) (type $ty-holdpoint:plugin/log@0.1.0)))
  (type $ty-holdpoint:plugin/types@0.1.0 (;1;)
    (instance
      (type (;0;) (enum "deployed" "superseded" "decommissioned" "unknown"))
      (export (;1;) "deployment-status" (type (eq 0)))
      (type (;2;) (record (field "kind" string) (field "name" string) (field "digest" string) (field "version" string)))
      (export (;3;) "artifact" (type (eq 2)))
      (type (;4;) u64)
      (export (;5;) "timestamp" (type (eq 4)))
      (type (;6;) (record (field "name" string) (field "value" string)))
      (export (;7;) "attribute" (type (eq 6)))
      (type (;8;) (option 5))
      (type (;9;) (list 7))
      (type (;10;) (record (field "id" string) (field "environment" string) (field "target" string) (field "deployment-name" string) (field "artifact" 3) (field "status" 1) (field "status-text" string) (field "created-at" 5) (field "updated-at" 5) (field "last-seen-at" 8) (field "tags" 9)))
      (export (;11;) "deployment-record" (type (eq 10)))
      (type (;12;) (option string))
      (type (;13;) (record (field "name" string) (field "version" string) (field "title" string) (field "description" string) (field "parameters-schema" 12) (field "documentation-url" 12)))
      (export (;14;) "metadata" (type (eq 13)))
      (type (;15;) (record (field "artifact" 3) (field "reference" string) (field "environment" string) (field "deployment-name" string) (field "intent" string) (field "actor" string) (field "reason" string) (field "context" 9)))
      (export (;16;) "request" (type (eq 15)))
      (type (;17;) (list string))
      (type (;18;) (record (field "request" 16) (field "as-of" 5) (field "channel" string) (field "environments" 17) (field "parameters" string)))
      (export (;19;) "evaluation-input" (type (eq 18)))
      (type (;20;) (enum "deny" "hold" "warn"))
      (export (;21;) "effect" (type (eq 20)))
      (type (;22;) (record (field "effect" 21) (field "code" string) (field "message" string) (field "remediation" 12) (field "records" 17) (field "opens-at" 8)))
      (export (;23;) "finding" (type (eq 22)))
      (type (;24;) (list 23))
      (type (;25;) (variant (case "evaluated" 24) (case "skipped" string)))
      (export (;26;) "verdict" (type (eq 25)))
    )
  )
  (import "holdpoint:plugin/types@0.1.0" (instance $holdpoint:plugin/types@0.1.0 (;1;) (type $ty-holdpoint:plugin/types@0.1.0)))
  (alias export $holdpoint:plugin/types@0.1.0 "deployment-status" (type $deployment-status (;2;)))
  (alias export $holdpoint:plugin/types@0.1.0 "deployment-record" (type $deployment-record (;3;)))
  (type $ty-holdpoint:plugin/records@0.1.0 (;4;)
    (instance
      (alias outer 1 $deployment-status (type (;0;)))
      (export (;1;) "deployment-status" (type (eq 0)))
      (type (;2;) (option string))
      (type (;3;) (option 1))
      (type (;4;) (record (field "environment" 2) (field "target" 2) (field "deployment-name" 2) (field "digest" 2) (field "status" 3)))
      (export (;5;) "filter" (type (eq 4)))
      (alias outer 1 $deployment-record (type (;6;)))
      (export (;7;) "deployment-record" (type (eq 6)))
      (type (;8;) (func (param "filter" 5) (result u32)))
      (export (;0;) "count" (func (type 8)))
      (type (;9;) (option 7))
      (type (;10;) (func (param "filter" 5) (result 9)))
      (export (;1;) "latest" (func (type 10)))
      (type (;11;) (list 7))
      (type (;12;) (func (param "filter" 5) (param "offset" u32) (param "limit" u32) (result 11)))
      (export (;2;) "page" (func (type 12)))
    )
  )
  (import "holdpoint:plugin/records@0.1.0" (instance $holdpoint:plugin/records@0.1.0 (;2;) (type $ty-holdpoint:plugin/records@0.1.0)))
  (core module $main (;0;)
    (type (;0;) (func (param i32 i32 i32)))
    (type (;1;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (type (;2;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (type (;3;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (type (;4;) (func (param i32 i32 i32 i32) (result i32)))
    (type (;5;) (func (param i32 i32 i32 i32 i32) (result i32)))
    (type (;6;) (func (result i32)))
    (type (;7;) (func (param i32 i32) (result i32)))
    (type (;8;) (func (param i32) (result i32)))
    (import "holdpoint:plugin/log@0.1.0" "log" (func $log (;0;) (type 0) (param i32 i32 i32)))
    (import "holdpoint:plugin/records@0.1.0" "count" (func $count (;1;) (type 1) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "holdpoint:plugin/records@0.1.0" "latest" (func $latest (;2;) (type 2) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "holdpoint:plugin/records@0.1.0" "page" (func $page (;3;) (type 3) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (memory (;0;) 2)
    (global $heap (;0;) (mut i32) i32.const 65536)
    (export "memory" (memory 0))
    (export "cabi_realloc" (func 4))
    (export "holdpoint:plugin/rule@0.1.0#describe" (func 6))
    (export "holdpoint:plugin/rule@0.1.0#check-parameters" (func 7))
    (export "holdpoint:plugin/rule@0.1.0#evaluate" (func 8))
    (func (;4;) (type 4) (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
      (local $at i32)
      global.get $heap
      i32.const 15
      i32.add
      i32.const -16
      i32.and
      local.set $at
      local.get $at
      local.get $new
      i32.add
      global.set $heap
      block $fits
        global.get $heap
        memory.size
        i32.const 65536
        i32.mul
        i32.le_u
        br_if $fits
        local.get $new
        i32.const 16
        i32.shr_u
        i32.const 1
        i32.add
        memory.grow
        i32.const -1
        i32.ne
        br_if $fits
        unreachable
      end
      local.get $at
    )
    (func $find (;5;) (type 5) (param $effect i32) (param $code i32) (param $code_length i32) (param $text i32) (param $length i32) (result i32)
      i32.const 8200
      i32.const 8208
      i32.store
      i32.const 8204
      i32.const 1
      i32.store
      i32.const 8208
      local.get $effect
      i32.store8
      i32.const 8212
      local.get $code
      i32.store
      i32.const 8216
      local.get $code_length
      i32.store
      i32.const 8220
      local.get $text
      i32.store
      i32.const 8224
      local.get $length
      i32.store
      i32.const 8192
    )
    (func (;6;) (type 6) (result i32)
      i32.const 0
    )
    (func (;7;) (type 7) (param $text i32) (param $length i32) (result i32)
      i32.const 4096
    )
    (func (;8;) (type 8) (param $input i32) (result i32)
      (local $found i32)
      i32.const 1
      i32.const 17408
      i32.const 10
      call $log
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      call $count
      local.set $found
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 32768
      call $latest
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 0
      i32.const 10
      i32.const 33024
      call $page
      local.get $found
      i32.const 33028
      i32.load
      i32.ne
      if ;; label = @1
        unreachable
      end
      i32.const 0
      i32.const 16384
      i32.const 6
      i32.const 17408
      i32.const 10
      call $find
    )
    (data (;0;) (i32.const 16384) "no-way")
    (data (;1;) (i32.const 17408) "it may not")
    (data (;2;) (i32.const 0) "\00\01\00\00\0d\00\00\00")
    (data (;3;) (i32.const 256) "frozen-plugin")
    (data (;4;) (i32.const 8) "\0d\01\00\00\05\00\00\00")
    (data (;5;) (i32.const 269) "1.2.3")
    (data (;6;) (i32.const 16) "\12\01\00\00\1e\00\00\00")
    (data (;7;) (i32.const 274) "A plugin of the first contract")
    (data (;8;) (i32.const 24) "0\01\00\00\15\00\00\00")
    (data (;9;) (i32.const 304) "Says that it may not.")
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (core module $wit-component-shim-module (;1;)
    (type (;0;) (func (param i32 i32 i32)))
    (type (;1;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (type (;2;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (type (;3;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (table (;0;) 4 4 funcref)
    (export "0" (func $indirect-holdpoint:plugin/log@0.1.0-log))
    (export "1" (func $indirect-holdpoint:plugin/records@0.1.0-count))
    (export "2" (func $indirect-holdpoint:plugin/records@0.1.0-latest))
    (export "3" (func $indirect-holdpoint:plugin/records@0.1.0-page))
    (export "$imports" (table 0))
    (func $indirect-holdpoint:plugin/log@0.1.0-log (;0;) (type 0) (param i32 i32 i32)
      local.get 0
      local.get 1
      local.get 2
      i32.const 0
      call_indirect (type 0)
    )
    (func $indirect-holdpoint:plugin/records@0.1.0-count (;1;) (type 1) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
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
      i32.const 1
      call_indirect (type 1)
    )
    (func $indirect-holdpoint:plugin/records@0.1.0-latest (;2;) (type 2) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
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
      i32.const 2
      call_indirect (type 2)
    )
    (func $indirect-holdpoint:plugin/records@0.1.0-page (;3;) (type 3) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
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
      local.get 15
      local.get 16
      i32.const 3
      call_indirect (type 3)
    )
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (core instance $wit-component-shim-instance (;0;) (instantiate $wit-component-shim-module))
  (alias export $holdpoint:plugin/types@0.1.0 "metadata" (type $metadata (;5;)))
  (alias export $holdpoint:plugin/types@0.1.0 "evaluation-input" (type $evaluation-input (;6;)))
  (alias export $holdpoint:plugin/types@0.1.0 "verdict" (type $verdict (;7;)))
  (alias core export $wit-component-shim-instance "0" (core func $indirect-holdpoint:plugin/log@0.1.0-log (;0;)))
  (core instance $holdpoint:plugin/log@0.1.0 (;1;)
    (export "log" (func $indirect-holdpoint:plugin/log@0.1.0-log))
  )
  (alias core export $wit-component-shim-instance "1" (core func $indirect-holdpoint:plugin/records@0.1.0-count (;1;)))
  (alias core export $wit-component-shim-instance "2" (core func $indirect-holdpoint:plugin/records@0.1.0-latest (;2;)))
  (alias core export $wit-component-shim-instance "3" (core func $indirect-holdpoint:plugin/records@0.1.0-page (;3;)))
  (core instance $holdpoint:plugin/records@0.1.0 (;2;)
    (export "count" (func $indirect-holdpoint:plugin/records@0.1.0-count))
    (export "latest" (func $indirect-holdpoint:plugin/records@0.1.0-latest))
    (export "page" (func $indirect-holdpoint:plugin/records@0.1.0-page))
  )
  (core instance $main (;3;) (instantiate $main
      (with "holdpoint:plugin/log@0.1.0" (instance $holdpoint:plugin/log@0.1.0))
      (with "holdpoint:plugin/records@0.1.0" (instance $holdpoint:plugin/records@0.1.0))
    )
  )
  (alias core export $main "memory" (core memory $memory (;0;)))
  (core module $wit-component-fixup (;2;)
    (type (;0;) (func (param i32 i32 i32)))
    (type (;1;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (type (;2;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (type (;3;) (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "actual" "0" (func $0 (;0;) (type 0) (param i32 i32 i32)))
    (import "actual" "1" (func $1 (;1;) (type 1) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "actual" "2" (func $2 (;2;) (type 2) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "actual" "3" (func $3 (;3;) (type 3) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "shim" "$imports" (table (;0;) 4 4 funcref))
    (elem (;0;) (i32.const 0) func $0 $1 $2 $3)
    (@producers
      (processed-by "wit-component" "0.262.0")
    )
  )
  (alias export $holdpoint:plugin/log@0.1.0 "log" (func $log (;0;)))
  (core func $"#core-func4 indirect-holdpoint:plugin/log@0.1.0-log" (@name "indirect-holdpoint:plugin/log@0.1.0-log") (;4;) (canon lower (func $log) (memory $memory) string-encoding=utf8))
  (alias export $holdpoint:plugin/records@0.1.0 "count" (func $count (;1;)))
  (core func $"#core-func5 indirect-holdpoint:plugin/records@0.1.0-count" (@name "indirect-holdpoint:plugin/records@0.1.0-count") (;5;) (canon lower (func $count) (memory $memory) string-encoding=utf8))
  (alias export $holdpoint:plugin/records@0.1.0 "latest" (func $latest (;2;)))
  (alias core export $main "cabi_realloc" (core func $cabi_realloc (;6;)))
  (core func $"#core-func7 indirect-holdpoint:plugin/records@0.1.0-latest" (@name "indirect-holdpoint:plugin/records@0.1.0-latest") (;7;) (canon lower (func $latest) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
  (alias export $holdpoint:plugin/records@0.1.0 "page" (func $page (;3;)))
  (core func $"#core-func8 indirect-holdpoint:plugin/records@0.1.0-page" (@name "indirect-holdpoint:plugin/records@0.1.0-page") (;8;) (canon lower (func $page) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
  (core instance $actual (;4;)
    (export "0" (func $"#core-func4 indirect-holdpoint:plugin/log@0.1.0-log"))
    (export "1" (func $"#core-func5 indirect-holdpoint:plugin/records@0.1.0-count"))
    (export "2" (func $"#core-func7 indirect-holdpoint:plugin/records@0.1.0-latest"))
    (export "3" (func $"#core-func8 indirect-holdpoint:plugin/records@0.1.0-page"))
  )
  (core instance $fixup (;5;) (instantiate $wit-component-fixup
      (with "actual" (instance $actual))
      (with "shim" (instance $wit-component-shim-instance))
    )
  )
  (type (;8;) (func (result $metadata)))
  (alias core export $main "holdpoint:plugin/rule@0.1.0#describe" (core func $holdpoint:plugin/rule@0.1.0#describe (;9;)))
  (func $describe (;4;) (type 8) (canon lift (core func $holdpoint:plugin/rule@0.1.0#describe) (memory $memory) string-encoding=utf8))
  (type (;9;) (list string))
  (type (;10;) (result (error 9)))
  (type (;11;) (func (param "parameters" string) (result 10)))
  (alias core export $main "holdpoint:plugin/rule@0.1.0#check-parameters" (core func $holdpoint:plugin/rule@0.1.0#check-parameters (;10;)))
  (func $check-parameters (;5;) (type 11) (canon lift (core func $holdpoint:plugin/rule@0.1.0#check-parameters) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
  (type (;12;) (result $verdict (error string)))
  (type (;13;) (func (param "input" $evaluation-input) (result 12)))
  (alias core export $main "holdpoint:plugin/rule@0.1.0#evaluate" (core func $holdpoint:plugin/rule@0.1.0#evaluate (;11;)))
  (func $evaluate (;6;) (type 13) (canon lift (core func $holdpoint:plugin/rule@0.1.0#evaluate) (memory $memory) (realloc $cabi_realloc) string-encoding=utf8))
  (alias export $holdpoint:plugin/types@0.1.0 "artifact" (type $artifact (;14;)))
  (alias export $holdpoint:plugin/types@0.1.0 "attribute" (type $attribute (;15;)))
  (alias export $holdpoint:plugin/types@0.1.0 "request" (type $request (;16;)))
  (alias export $holdpoint:plugin/types@0.1.0 "timestamp" (type $timestamp (;17;)))
  (alias export $holdpoint:plugin/types@0.1.0 "effect" (type $effect (;18;)))
  (alias export $holdpoint:plugin/types@0.1.0 "finding" (type $finding (;19;)))
  (component $holdpoint:plugin/rule@0.1.0-shim-component (;0;)
    (type (;0;) (option string))
    (type (;1;) (record (field "name" string) (field "version" string) (field "title" string) (field "description" string) (field "parameters-schema" 0) (field "documentation-url" 0)))
    (import "import-type-metadata" (type (;2;) (eq 1)))
    (type (;3;) (record (field "kind" string) (field "name" string) (field "digest" string) (field "version" string)))
    (import "import-type-artifact" (type (;4;) (eq 3)))
    (type (;5;) (record (field "name" string) (field "value" string)))
    (import "import-type-attribute" (type (;6;) (eq 5)))
    (type (;7;) (list 6))
    (type (;8;) (record (field "artifact" 4) (field "reference" string) (field "environment" string) (field "deployment-name" string) (field "intent" string) (field "actor" string) (field "reason" string) (field "context" 7)))
    (import "import-type-request" (type (;9;) (eq 8)))
    (type (;10;) u64)
    (import "import-type-timestamp" (type (;11;) (eq 10)))
    (type (;12;) (list string))
    (type (;13;) (record (field "request" 9) (field "as-of" 11) (field "channel" string) (field "environments" 12) (field "parameters" string)))
    (import "import-type-evaluation-input" (type (;14;) (eq 13)))
    (type (;15;) (enum "deny" "hold" "warn"))
    (import "import-type-effect" (type (;16;) (eq 15)))
    (type (;17;) (option 11))
    (type (;18;) (record (field "effect" 16) (field "code" string) (field "message" string) (field "remediation" 0) (field "records" 12) (field "opens-at" 17)))
    (import "import-type-finding" (type (;19;) (eq 18)))
    (type (;20;) (list 19))
    (type (;21;) (variant (case "evaluated" 20) (case "skipped" string)))
    (import "import-type-verdict" (type (;22;) (eq 21)))
    (import "import-type-metadata0" (type (;23;) (eq 2)))
    (type (;24;) (func (result 23)))
    (import "import-func-describe" (func (;0;) (type 24)))
    (type (;25;) (result (error 12)))
    (type (;26;) (func (param "parameters" string) (result 25)))
    (import "import-func-check-parameters" (func (;1;) (type 26)))
    (import "import-type-evaluation-input0" (type (;27;) (eq 14)))
    (import "import-type-verdict0" (type (;28;) (eq 22)))
    (type (;29;) (result 28 (error string)))
    (type (;30;) (func (param "input" 27) (result 29)))
    (import "import-func-evaluate" (func (;2;) (type 30)))
    (export (;31;) "metadata" (type 2))
    (export (;32;) "evaluation-input" (type 14))
    (export (;33;) "verdict" (type 22))
    (type (;34;) (func (result 31)))
    (export (;3;) "describe" (func 0) (func (type 34)))
    (type (;35;) (result (error 12)))
    (type (;36;) (func (param "parameters" string) (result 35)))
    (export (;4;) "check-parameters" (func 1) (func (type 36)))
    (type (;37;) (result 33 (error string)))
    (type (;38;) (func (param "input" 32) (result 37)))
    (export (;5;) "evaluate" (func 2) (func (type 38)))
  )
  (instance $holdpoint:plugin/rule@0.1.0-shim-instance (;3;) (instantiate $holdpoint:plugin/rule@0.1.0-shim-component
      (with "import-func-describe" (func $describe))
      (with "import-func-check-parameters" (func $check-parameters))
      (with "import-func-evaluate" (func $evaluate))
      (with "import-type-metadata" (type $metadata))
      (with "import-type-artifact" (type $artifact))
      (with "import-type-attribute" (type $attribute))
      (with "import-type-request" (type $request))
      (with "import-type-timestamp" (type $timestamp))
      (with "import-type-evaluation-input" (type $evaluation-input))
      (with "import-type-effect" (type $effect))
      (with "import-type-finding" (type $finding))
      (with "import-type-verdict" (type $verdict))
      (with "import-type-metadata0" (type $metadata))
      (with "import-type-evaluation-input0" (type $evaluation-input))
      (with "import-type-verdict0" (type $verdict))
    )
  )
  (export $holdpoint:plugin/rule@0.1.0 (;4;) "holdpoint:plugin/rule@0.1.0" (instance $holdpoint:plugin/rule@0.1.0-shim-instance))
  (@producers
    (processed-by "wit-component" "0.262.0")
  )
)
