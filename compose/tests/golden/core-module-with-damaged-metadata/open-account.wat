(module (@custom "component-type:handler" "nonsense"))
