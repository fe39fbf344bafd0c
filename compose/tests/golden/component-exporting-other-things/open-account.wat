(module
  (memory (export "memory") 1)
  (func (export "annals:generated/greet#hello") (result i32) unreachable)
  (func (export "run"))
)
