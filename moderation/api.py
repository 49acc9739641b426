"""JSON API of this room: input to plain values, one service, the result rendered."""

from ninja import Router

router = Router()
