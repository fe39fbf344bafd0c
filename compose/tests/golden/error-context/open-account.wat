(component
  (type $e error-context)
  (type $t (func (result $e)))
  (import "why" (func (type $t)))
)
