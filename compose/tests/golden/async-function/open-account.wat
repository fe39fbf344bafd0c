(component
  (type $f (func async))
  (import "later" (func (type $f)))
)
