(component
  (import "other:host/thing@1.0.0" (instance (export "do" (func)))))
