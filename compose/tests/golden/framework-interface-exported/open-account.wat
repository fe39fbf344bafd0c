(module
  (memory (export "memory") 1)
  (func (export "annals:framework/settings@0.2.0#get") (result i32) unreachable)
  (func (export "annals:framework/settings@0.2.0#cors") (result i32) unreachable)
  (func (export "annals:framework/settings@0.2.0#application") (result i32) unreachable)
)
