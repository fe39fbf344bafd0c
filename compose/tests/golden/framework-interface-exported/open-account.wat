(module
  (memory (export "memory") 1)
  (func (export "annals:es/settings@0.1.0#get") (result i32) unreachable)
  (func (export "annals:es/settings@0.1.0#cors") (result i32) unreachable)
  (func (export "annals:es/settings@0.1.0#application") (result i32) unreachable)
)
