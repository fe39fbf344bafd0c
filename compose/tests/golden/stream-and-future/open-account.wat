(component
  (type $s (stream u8))
  (type $f (future string))
  (type $t (func (param "bytes" $s) (result $f)))
  (import "later" (func (type $t)))
)
