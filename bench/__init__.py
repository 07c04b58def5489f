"""What the app costs, measured beside a floor in the same run. ``python -m bench [name …]``; README.md tells more.

``webhooks`` ``ack`` ``start`` ``storm`` ``memory`` one bench each · ``floors`` the bare endpoints · ``servers`` both
as processes of their own · ``load`` requests over kept connections · ``scene`` calls that stand already ·
``figures`` medians and the table.
"""
