select(.flow) | .flow | (.l4 // {} | to_entries | .[0] // {}) as $l4
| if .is_reply
  then [.destination, .source, $l4.value.source_port]
  else [.source, .destination, $l4.value.destination_port] end
| [(.[0] | [.namespace, .pod_name, .labels]), (.[1] | [.namespace, .pod_name, .labels]), $l4.key, .[2]]
