(component
  (type $m (map string u32))
  (type $t (func (result $m)))
  (import "table" (func (type $t)))
)
