"""What the app costs, measured beside a floor in the same run. ``python -m bench [name …]``; README.md tells more.

``webhooks`` ``ack`` ``start`` ``storm`` ``memory`` ``soak`` one bench each · ``floors`` the bare endpoints · ``naive``
the bare bridge · ``servers`` app and floors as processes of their own · ``load`` requests over kept connections ·
``scene`` calls that stand already · ``figures`` medians and the table.
"""
