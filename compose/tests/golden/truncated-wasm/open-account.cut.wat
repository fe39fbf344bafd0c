(component
  (core module (memory 1) (data (i32.const 0) "some data that takes some space in the file, so that half of it is in here"))
  (component $inner (import "x" (func)))
  (type (func))
)
