"""A project of one's own: what ``hil init`` finds, proposes and writes.

    search     which model and which data lie in a folder         forms      which data a path means
    kinds      the forms of data by their content                 suited     options that the model's input asks for
    belong     model and data together, on the host               remedies   what the usual mistakes mean for a plan
    gates      the gates that the host's figures promise          target     the kind of board
    project    the files, as text (``_templates``)                 keep       which are new, which are left alone

It asks nothing that it can find out, and what is ambiguous it refuses with the choices. Another form of data is one function
in ``kinds``, another CI system one template and a line in ``project``.
"""
