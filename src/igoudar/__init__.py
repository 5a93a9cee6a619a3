"""Igoudar: infrastructure as code for a data centre. Layers, from what people write to what devices run:

    yaml_source validated schema assemble references
    hardware/ one_hall some_halls inventory            load      files -> Inventory (model)
    stacks/ (in the checkout)                          describe  Inventory -> Design (design)
    ledger allocate                                    allocate  Design + ledger -> Plan
    numbering derive hostview                          derive    Plan -> DeviceIntent (intent), HostView
    checks vendors stack_files                         check     findings over Design, Plan and intents
    render render_roles roles                          render    intents, declarations -> text
    adopted patches                                    what people adopted of a switch, on the text
    compiler texts impact explain                      all of the above, offline; what a difference costs
    program resources scope                            the Pulumi program
    provider/                                          the Pulumi provider: Check, Diff, then apply
    apply/ drivers/ agent/ worker/ transport/          apply     text -> devices, with secrets and runs
    live record drift carry proposal                   what devices run: beside the record, and adopted
    placement/                                         rack and U of new devices, with a bound
    pool/                                              packages of hosts: locked, fetched, signed
    twin/ verify/                                      a site of real kernels; proof that packets flow
    cli/                                               the command `igoudar`

Everything before `render`, and every difference of two texts, is without devices, processes, templates and
Pulumi: import contracts in pyproject.toml list the modules, and tests/unit/test_pure_halves.py looks at the
checkout's `stacks` and `roles`.
"""
