(component
  (type $l (list u8 16))
  (type $t (func (result $l)))
  (import "key" (func (type $t)))
)
